"""People and programs: the API, the event stream, the browser app, the command line and sign-in.

Everything here asks the controller through its one door, with an actor; nothing here knows a machine. The browser
app has no private way in: it uses the public API described by the OpenAPI document.
"""
