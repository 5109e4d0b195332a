"""Verification over HTTP: what a door, a kiosk or a back office talks to.

app            routes: a request in, an answer out
forms          what requests hold
crew           worker threads, each with a verifier of its own
api_keys       who may do what
limits         how often, how large, and when a subject is locked
journal        one line of JSON a request; metrics
server         all of it, running
"""
