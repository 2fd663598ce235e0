def test_what_unstructured_lacks_is_said(parse, reason):
    assert reason("{\\rtf1 hello}", "a.rtf") == "unsupported_format"
