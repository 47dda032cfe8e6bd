"""Parsing over HTTP: the web page, a JSON interface of our own, and one that clients of UDPipe's service know.

Needs the extra `arcparse[serve]`. The room is a thin layer over `arcparse.pipeline`: it reads requests, hands their
texts and sentences to one thread, and writes answers.

    settings     the limits of requests
    models       the models by the names that requests give
    tasks        the work on the inputs of several requests at once
    batching     the queue of that work, and the thread that does it
    schema       the JSON Schemas of requests, and their check
    reading      requests: JSON objects and forms
    own          /v1: parse, trace, draw, models
    udpipe       /process and /models
    answers      JSON, plain text and errors
    gate         before all routes: limits, security headers, measurements
    metrics      counters for Prometheus
    description  /openapi.json, and the page that shows it
    site         the files of the web page, in `page/`
    application  the routes together
    connections  those of clients that do not go on
    server       the socket, the start and the stop
"""
