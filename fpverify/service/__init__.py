"""Verification over HTTP: what a door, a kiosk or a back office talks to.

app            the application
routes         a request in, an answer out
forms          what requests hold
json_forms     the same as JSON
pages          long answers in parts
repeats        requests that are sent again
description    what it says of itself, for OpenAPI
methods        HEAD and OPTIONS
origins        pages of elsewhere
gate           what every request passes: keys and the journal
service        what the routes share
refusals       errors as answers
crew           worker threads, each with a verifier of its own
api_keys       who may do what
sessions       the page, signed in
scopes         what a route asks of a key
limits         how often, and when a subject is locked
bodies         how large
journal        one line of JSON a request; metrics
server         all of it, running
"""
