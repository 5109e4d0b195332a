"""Verification over HTTP: what a door, a kiosk or a back office talks to.

app            the application
routes         a request in, an answer out
forms          what requests hold
gate           what every request passes: keys and the journal
service        what the routes share
refusals       errors as answers
crew           worker threads, each with a verifier of its own
api_keys       who may do what
limits         how often, and when a subject is locked
bodies         how large
journal        one line of JSON a request; metrics
server         all of it, running
"""
