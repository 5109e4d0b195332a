"""The routes, by what they are asked for.

decisions      verify, identify, compare
subjects       enroll; list and delete what is enrolled
lists          enroll a list of fingers
health         is it well, and the metrics
page           a web page over the same routes
"""
