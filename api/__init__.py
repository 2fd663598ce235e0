"""FOR WHOM: the HTTP query layer. A router per feature; what they answer comes from `resources`.

Nothing here imports `rage_assets`, `sensors` or `cli`.
"""
