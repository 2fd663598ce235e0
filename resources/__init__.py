"""WITH WHAT: settings, stores, embedders, the retriever and the clients that the other rooms use.

Nothing here imports `rage_assets`, `sensors`, `api` or `cli`.
"""
