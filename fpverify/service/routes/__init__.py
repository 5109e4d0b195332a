"""The routes, by what they are asked for.

decisions      verify, identify, compare
enrolling      enroll one or several fingers of somebody
replacing      new impressions in place of old ones
subjects       list and delete what is enrolled
notes          rename a subject, and what is noted of it
locks          who has to wait after too many non-matches
lists          enroll a list of fingers
health         is it well, and the metrics
page           a web page over the same routes
documentation  a page that describes them
"""
