"""A web site: found by its sitemaps and links, asked politely, and only for what changed."""

from rage_assets.raw.sources.web.reader import WebReader

__all__ = ["WebReader"]
