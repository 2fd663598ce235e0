def said(document):
    return [(block.text, block.metadata.get("speaker")) for block in document.blocks]


def test_cues_of_one_sentence_are_one_paragraph(parse):
    document = parse(
        "WEBVTT\n\n00:01.000 --> 00:02.000\nIt is\n\n00:02.000 --> 00:03.000\ncold.\n\n00:03.000 --> 00:04.000\nYes.\n",
        "a.vtt",
    )
    assert said(document) == [("It is cold.", None), ("Yes.", None)]
    facts = document.blocks[0].metadata
    assert (facts["start"], facts["end"], facts["lines"]) == ("00:01.000", "00:03.000", [3, 7])


def test_another_speaker_or_a_pause_ends_a_paragraph(parse):
    text = "00:01.000 --> 00:02.000\n<v Ann>so\n<v.loud Bob>what\n\n00:09.000 --> 00:10.000\n<v Bob>else\n"
    assert said(parse("WEBVTT\n\n" + text, "a.vtt")) == [("so", "Ann"), ("what", "Bob"), ("else", "Bob")]


def test_notes_styles_and_names_of_cues_are_no_text(parse):
    text = (
        "WEBVTT - x\n\nSTYLE\n::cue { color: red }\n\nNOTE a\nb\n\n"
        "intro\n00:01.000 --> 00:02.000 align:left\n<i>Hi</i> &amp; bye.\n"
    )
    assert said(parse(text, "a.vtt")) == [("Hi & bye.", None)]


def test_subrip_is_read_with_odd_ends_of_lines(parse):
    text = (
        "1\r\n00:00:01,000 --> 00:00:02,000\r\n{\\an8}One.\r\n"
        "2\r\n00:00:05,000 --> 00:00:06,000\r\nTwo\r\n\r\nthree.\r\n\r\n"
        "3\r\r00:00:09,000 --> 00:00:10,000\rANN LEE: Four."
    )
    assert said(parse(text, "a.srt")) == [("One.", None), ("Two\nthree.", None), ("ANN LEE: Four.", "ANN LEE")]


def test_captions_that_roll_say_each_line_once(parse):
    text = (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nhello<00:00:01.500><c> there</c>\n\n"
        "00:00:02.000 --> 00:00:03.000\nhello there\nyou<00:00:02.500><c> all</c>\n"
    )
    assert said(parse(text, "a.vtt")) == [("hello there you all", None)]


def test_captions_of_youtube_and_lyrics_are_read(parse):
    assert said(parse("0:00:01.000,0:00:02.000\nHi.\n\n0:00:05.000,0:00:06.000\nBye.\n", "a.sbv")) == [
        ("Hi.", None),
        ("Bye.", None),
    ]
    assert said(parse("[ti:Song]\n[00:01.00]La la.\n[00:05.00]Lo.\n", "a.lrc")) == [("La la.", None), ("Lo.", None)]


def test_what_follows_a_blank_line_is_said_where_no_number_stands(parse):
    text = "00:00:01,000 --> 00:00:02,000\nOne\n\nstill one.\n\n00:00:03,000 --> 00:00:04,000\nTwo.\n"
    assert [block.text for block in parse(text, "a.srt").blocks] == ["One\nstill one.", "Two."]


def test_a_line_of_a_song_without_a_time_belongs_to_the_one_above(parse):
    text = "[ti:Lake]\n[00:01.00]One.\nEins.\n[00:02.00]Two.\n"
    blocks = parse(text, "a.lrc").blocks
    assert [(block.text, block.metadata["end"]) for block in blocks] == [("One.\nEins.", "00:02.00"), ("Two.", "00:02.00")]
