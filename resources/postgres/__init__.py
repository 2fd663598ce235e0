"""PostgreSQL: the truth. The embedded server, connections that name their caller, migrations, and all SQL.

One file per kind of row; nothing outside this folder writes SQL.
"""
