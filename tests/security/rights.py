"""The rights of the service roles in the database, as they must be: a right that is not written here fails the tests.

`S` select, `I` insert, `U` update, `D` delete; `U(column)` is the right to update that column alone. Under row-level
security each of these reaches only the rows that the transaction's caller, or its space, may reach.
"""

# table: rage_api (query layer), rage_worker (pipeline)
TABLES = {
    "access_classes": ("S", "D S"),
    "access_files": ("S", "D I S"),
    "alembic_version": ("S", "S"),
    "api_keys": ("", ""),
    "audit_log": ("I", "I"),
    "audit_segments": ("", ""),
    "blocks": ("S", "D I S U"),
    "documents": ("S U(state)", "D I S U"),
    "entitlements": ("D I S U", ""),
    "evaluation_judgements": ("I S", ""),
    "evaluation_queries": ("I S", ""),
    "evaluation_results": ("D I S", "S"),
    "evaluation_sets": ("D I S", "S"),
    "exclusions": ("D I S", "S"),
    "garbage_objects": ("", "D I S U"),
    "garbage_texts": ("", "D I S U"),
    "index_versions": ("S", "S U(evaluated_at) U(metrics) U(stale) U(state)"),
    "known_addresses": ("", ""),
    "known_users": ("S", ""),
    "lexical_outbox": ("", "D I S U"),
    "login_attempts": ("", ""),
    "logout_tokens": ("", ""),
    "passages": ("S", "D I S U"),
    "quarantine": ("S U(retry_requested)", "D I S U"),
    "ranking_profiles": ("S", "I S U"),
    "receipts": ("I S", "D I S U"),
    "refresh_tokens": ("", ""),
    "revocations": ("", ""),
    "runs": ("I S U", "D I S U"),
    "sessions": ("", ""),
    "sign_in_attempts": ("", ""),
    "sign_in_sessions": ("", ""),
    "sources": ("I S U(access_rules) U(exclude) U(include) U(removing)", "D I S U"),
    "space_keys": ("S", "S"),
    "spaces": ("S U(epoch) U(max_bytes) U(max_documents)", "S U(epoch)"),
    "staged_blocks": ("", "D I S U"),
    "staged_documents": ("", "D I S U"),
    "staged_passages": ("", "D I S U"),
    "users": ("", ""),
    "vectors": ("S", "D I S U"),
}

# Functions that act with the owner's rights decide themselves what the transaction's caller may.
API_FUNCTIONS = {
    *("rage_begin", "rage_enter", "rage_revoke", "rage_is_revoked", "rage_know_user", "rage_create_space"),
    *("rage_sign_in_begin", "rage_sign_in_done", "rage_refresh", "rage_end_session"),
    *("rage_key_sign_in", "rage_create_key", "rage_keys", "rage_revoke_key"),
    *("rage_login_begin", "rage_login_finish", "rage_session_start", "rage_session_read", "rage_session_claim"),
    *("rage_session_release", "rage_session_renew", "rage_session_close", "rage_session_logout"),
    *("rage_sessions", "rage_end_one_session", "rage_end_sessions_of"),
    *("rage_models_in_use", "rage_dedicated_databases"),
}
WORKER_FUNCTIONS = {
    *("rage_delete_space", "rage_ensure_vector_index"),
    *("rage_lock_versions", "rage_create_index_version", "rage_promote", "rage_drop_index_version"),
    *("rage_add_space_key", "rage_rewrap_space_key", "rage_retire_space_keys", "rage_destroy_space_keys"),
}
FUNCTIONS_OF_BOTH = {
    *("rage_ids", "rage_role_in", "rage_may_administer", "rage_ensure_class", "rage_classify"),
    *("rage_audit_head", "rage_audit_holds", "rage_lexical_behind", "rage_texts_within"),
    *("rage_space_isolation", "rage_encrypted_spaces", "rage_kek_ids", "rage_first_space_key"),
}
OWNERS_FUNCTIONS = {
    *("rage_audit_add", "rage_audit_keep", "rage_audit_drop", "rage_check_named", "rage_keep_rules"),
    *("rage_knows_address", "rage_sign_in_delay", "rage_add_vectors"),
}
