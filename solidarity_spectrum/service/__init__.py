"""The service: SPARQL endpoint, linked-data pages and question catalogue over a built store, read-only.

Doors: `solidarity_spectrum.service.app.create_app` and `serve`. Queries are answered by processes that can be
killed (`workers`, `pool`); what is too much is refused before evaluation (`guard`).
"""
