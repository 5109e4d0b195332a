"""The routes, by what they are asked for.

decisions      verify, identify, compare
enrolling      enroll one or several fingers of somebody
subjects       list and delete what is enrolled
locks          who has to wait after too many non-matches
lists          enroll a list of fingers
health         is it well, and the metrics
page           a web page over the same routes
"""
