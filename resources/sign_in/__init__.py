"""Sign-in: tokens and flows of an OpenID Connect issuer, those of this platform itself where there is none, and keys."""
