import base64
import time

import pytest

from tests.parsing.mail_samples import mail, raw


def texts(document, role=None):
    return [block.text for block in document.blocks if block.metadata.get("role") == role]


def first(document):
    return document.blocks[0].metadata


def test_subject_and_envelope_stand_above_the_text(parse):
    document = parse(mail(Cc="Cem <cem@lake.org>", Date="Fri, 16 Dec 2022 17:04:16 -0500").as_bytes(), "a.eml")
    assert document.title == "The lake"
    assert document.blocks[0].type.value == "heading"
    assert document.blocks[1].text == (
        "From: Ann <ann@lake.org>\nTo: bob@lake.org\nCc: Cem <cem@lake.org>\nDate: Fri, 16 Dec 2022 17:04:16 -0500"
    )
    assert [block.text for block in document.blocks[2:]] == ["Hello Bob,", "the lake is open."]


def test_headers_are_metadata_of_the_first_block(parse):
    headers = (
        "From: Ann <ann@lake.org>\nTo: Bob <bob@lake.org>,\n cem@lake.org\nSubject: The lake\n"
        "Date: Fri, 16 Dec 2022 17:04:16 -0500\n"
        "Message-ID: <1@a>\nIn-Reply-To: <0@a>\nReferences: <x@a>\n <0@a>"
    )
    found = first(parse(raw(headers), "a.eml"))
    assert found | {"level": 1} == {
        "from": "Ann <ann@lake.org>", "to": ["Bob <bob@lake.org>", "cem@lake.org"], "date": "2022-12-16T22:04:16+00:00",
        "message_id": "1@a", "in_reply_to": "0@a", "references": ["x@a", "0@a"], "subject": "The lake", "level": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        (b"=?utf-8?Q?J=C3=B6rg?= =?utf-8?Q?_schreibt?=", "Jörg schreibt"),
        (b"=?utf-8?B?5rWL?= plain =?iso-8859-1?Q?=E9t=E9?=", "测 plain été"),
        (b"=?utf-8?B?w7bD?= =?utf-8?B?pA==?=", "öä"),  # a character parted between two words
        (b"=?x-unknown?Q?caf=C3=A9?=", "café"),
        (b"=?utf-8?Q?caf=E9?=", "café"),
        ("Säying Hello".encode(), "Säying Hello"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"A subject that\n goes on", "A subject that goes on"),
        (b"=?NONE?B?VEVTVA=?=", "TEST"),
    ],
)
def test_headers_are_decoded(parse, header, subject):
    assert parse(b"From: a@b.c\nSubject: " + header + b"\n\nText.\n", "a.eml").blocks[0].text == subject


def test_an_encoded_name_with_a_comma_is_one_address(parse):
    found = first(parse(raw("To: =?utf-8?Q?M=C3=BCller=2C_Ann?= <ann@lake.org>, bob@lake.org"), "a.eml"))
    assert found["to"] == ["Müller, Ann <ann@lake.org>", "bob@lake.org"]


@pytest.mark.parametrize("date", ["someday", "Fri, 99 Dec 2022 17:04:16", "", "Fri, 16 Dec 99999999 17:04:16 +0000"])
def test_a_date_that_nobody_understands_is_left_out(parse, date):
    assert "date" not in first(parse(raw(f"Subject: a\nDate: {date}"), "a.eml"))


def test_quotations_and_signatures_are_told_apart(parse):
    text = "Yes.\n\nOn Mon, 1 Jan 2024 at 10:00, Bob <bob@lake.org> wrote:\n> Is the lake\n> open?\n\nSee you there.\n"
    text += "-- \nAnn\nLake Ltd\n"
    document = parse(mail(text).as_bytes(), "a.eml")
    assert texts(document)[2:] == ["Yes.", "See you there."]
    assert "\n".join(texts(document, "quote")).endswith("wrote:\nIs the lake\nopen?")
    assert texts(document, "signature") == ["--\nAnn\nLake Ltd"]


@pytest.mark.parametrize(
    "line",
    [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "---------- Forwarded message ---------",
        "________________________________\nFrom: Bob\nSent: Monday\nTo: Ann\nSubject: Lake",
        "Von: Bob\nGesendet: Montag\nAn: Ann\nBetreff: See",
        "De : Bob\nEnvoyé : lundi\nÀ : Ann\nObjet : Lac",
        "Am 1.1.2024 um 10:00 schrieb Bob <b@c.d>:",
        "Le lun. 1 janv. 2024 à 10:00, Bob <b@c.d> a écrit :\n>",
        "El lun, 1 ene 2024 a las 10:00, Bob (<b@c.d>) escribió:",
        "Em seg., 1 de jan. de 2024 às 10:00, Bob <b@c.d> escreveu:",
    ],
)
def test_a_quotation_is_known_in_many_languages(parse, line):
    document = parse(mail(f"Yes.\n\n{line}\n> Is it open?\n").as_bytes(), "a.eml")
    assert texts(document)[2:] == ["Yes."]
    assert "Is it open?" in "\n".join(texts(document, "quote"))


@pytest.mark.parametrize(
    "text",
    [
        "The result was: 3 > 2\n",
        "Note:\n- one\n- two\n",
        "From: the lake we came.\n",
        "Thanks, that is all I wanted to say about the lake today.\n",
    ],
)
def test_what_only_looks_like_a_quotation_is_none(parse, text):
    document = parse(mail("Hello.\n\n" + text).as_bytes(), "a.eml")
    assert not texts(document, "quote") and not texts(document, "signature")


def test_a_closing_with_a_name_is_a_signature(parse):
    document = parse(mail("Come at ten.\n\nMit freundlichen Grüßen\nAnn Müller\n").as_bytes(), "a.eml")
    assert texts(document, "signature") == ["Mit freundlichen Grüßen\nAnn Müller"]


def both(plain, html):
    message = mail(plain)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def test_plain_text_counts_where_it_says_the_same(parse):
    document = parse(both("The lake is open.\n", "<p>The lake is <b>open</b>.</p>"), "a.eml")
    assert texts(document)[2:] == ["The lake is open."]


def test_html_counts_where_it_has_a_table_that_the_text_lost(parse):
    rows = "".join(f"<tr><td>lake {n}</td><td>{n}</td></tr>" for n in range(3))
    document = parse(
        both("lake 0 0 lake 1 1 lake 2 2\n", f"<table><tr><th>Name</th><th>Depth</th></tr>{rows}</table>"), "a.eml"
    )
    assert document.blocks[-1].type.value == "table"


def test_html_counts_where_the_text_is_a_stub(parse):
    html = "<p>" + "The lake is open to all who swim. " * 5 + "</p>"
    assert "swim" in texts(parse(both("Your reader shows no HTML.\n", html), "a.eml"))[-1]


@pytest.mark.parametrize(
    "quoted",
    [
        '<div class="gmail_quote"><div class="gmail_attr">On Monday:</div><blockquote>Is it open?</blockquote></div>',
        '<blockquote type="cite">Is it open?</blockquote>',
        '<div id="divRplyFwdMsg">From: Bob</div><div>Is it open?</div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Bob</p></div><p>Is it open?</p>',
        '<div class="yahoo_quoted"><div>Is it open?</div></div>',
    ],
)
def test_html_says_what_is_quoted(parse, quoted):
    message = mail("")
    message.set_content(f'<p>Yes.</p><div class="gmail_signature">Ann of the lake</div>{quoted}', subtype="html")
    document = parse(message.as_bytes(), "a.eml")
    assert texts(document)[2:] == ["Yes."]
    assert texts(document, "signature") == ["Ann of the lake"]
    assert "Is it open?" in texts(document, "quote")[-1]


def test_html_that_marks_nothing_is_parted_by_its_words(parse):
    message = mail("")
    old = "<p>From: Bob<br>Sent: Monday<br>To: Ann<br>Subject: Lake</p><p>Is it open?</p>"
    message.set_content(f"<p>Yes.</p><p>--<br>Ann of the lake</p>{old}", subtype="html")
    document = parse(message.as_bytes(), "a.eml")
    assert texts(document)[2:] == ["Yes."]
    assert texts(document, "signature") == ["--\nAnn of the lake"]
    assert texts(document, "quote")[-1] == "Is it open?"


def test_an_answer_below_a_citation_is_no_quotation(parse):
    message = mail("")
    message.set_content('<blockquote type="cite">Is it open?</blockquote><p>Yes, until ten.</p>', subtype="html")
    assert texts(parse(message.as_bytes(), "a.eml"))[-1] == "Yes, until ten."


def test_attachments_are_children_with_their_names(parse):
    message = mail()
    message.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="Tiefe des Sees ä.pdf")
    message.add_attachment("a,b\n", subtype="csv", filename="../../depth.csv")
    message.add_attachment(b"%PDF-2", maintype="application", subtype="pdf", filename="Tiefe des Sees ä.pdf")
    document = parse(message.as_bytes(), "a.eml")
    assert [child.name for child in document.children] == ["Tiefe des Sees ä.pdf", "depth.csv", "Tiefe des Sees ä-2.pdf"]
    assert document.children[0].data == b"%PDF-"
    assert texts(document)[-1] == "Attachments: Tiefe des Sees ä.pdf, depth.csv, Tiefe des Sees ä-2.pdf"


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("filename*=utf-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        ("filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe.txt", "Grüße.txt"),
        ('filename="=?utf-8?B?R3LDvMOfZS50eHQ=?="', "Grüße.txt"),
        ("filename=Grusse an.txt", "Grusse"),
        ("", "attachment.txt"),
    ],
)
def test_names_of_attachments_are_decoded(parse, parameter, name):
    disposition = f"attachment; {parameter}" if parameter else "attachment"
    part = f"--x\nContent-Type: text/plain\nContent-Disposition: {disposition}\n\nHi.\n--x--\n"
    document = parse(raw("Subject: a\nContent-Type: multipart/mixed; boundary=x", part), "a.eml")
    assert document.children[0].name.startswith(name)


def test_a_picture_in_the_html_is_a_child_that_is_not_listed(parse):
    message = mail("")
    message.set_content('<p>Look: <img src="cid:lake"></p>', subtype="html")
    message.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<lake>", filename="lake.png")
    document = parse(message.as_bytes(), "a.eml")
    assert [child.name for child in document.children] == ["lake.png"]
    assert texts(document)[-1] == "Look:"


def test_a_message_within_is_a_child(parse):
    message = mail()
    message.add_attachment(mail("Inner text.\n", Subject="Inner"))
    document = parse(message.as_bytes(), "a.eml")
    assert [child.name for child in document.children] == ["nested.eml"]
    inner = parse(document.children[0].data, "nested.eml")
    assert (inner.title, inner.blocks[-1].text) == ("Inner", "Inner text.")


def test_a_message_within_may_be_coded(parse):
    coded = base64.b64encode(mail("Inner text.\n", Subject="Inner").as_bytes()).decode()
    part = f"--x\nContent-Type: message/rfc822; name=old\nContent-Transfer-Encoding: base64\n\n{coded}\n--x--\n"
    document = parse(raw("Subject: a\nContent-Type: multipart/mixed; boundary=x", part), "a.eml")
    assert document.children[0].name == "old.eml"
    assert parse(document.children[0].data, "old.eml").title == "Inner"


def test_a_report_on_delivery_is_readable(parse):
    part = "--x\nContent-Type: text/plain\n\nNot sent.\n"
    part += "--x\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n\nAction: failed\n--x--\n"
    document = parse(raw("Subject: a\nContent-Type: multipart/report; boundary=x", part), "a.eml")
    assert texts(document, "report") == ["Status: 5.1.1\nAction: failed"]


def test_flowed_lines_are_joined(parse):
    document = parse(raw("Subject: a\nContent-Type: text/plain; format=flowed", "The lake \nis open.\nCome.\n"), "a.eml")
    assert texts(document)[-1] == "The lake is open.\nCome."


def test_an_invitation_is_readable(parse):
    calendar = (
        "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Swim\\, all\r\n"
        "DTSTART;TZID=Europe/Berlin:20240601T100000\r\n"
        'DTEND:20240601T090000Z\r\nLOCATION:The\r\n  lake\r\nORGANIZER;CN="Ann, M.":mailto:ann@lake.org\r\nBEGIN:VALARM\r\n'
        "DESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    message = mail()
    message.add_alternative(calendar, subtype="calendar")
    assert texts(parse(message.as_bytes(), "a.eml"), "appointment") == [
        "Invitation:\nSwim, all\nStart: 2024-06-01 10:00 Europe/Berlin\nEnd: 2024-06-01 09:00 UTC\nPlace: The lake\n"
        "Organizer: Ann, M. <ann@lake.org>"
    ]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\nContent-Transfer-Encoding: base64",
            "MIAG\n",
        ),
        (
            "Content-Type: multipart/encrypted; boundary=x",
            "--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x--\n",
        ),
        ("Content-Type: text/plain", "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n"),
    ],
)
def test_an_encrypted_part_is_named_and_the_rest_is_read(parse, headers, body):
    document = parse(raw(f"Subject: Secret\n{headers}", body), "a.eml")
    assert document.blocks[0].text == "Secret"
    assert document.blocks[-1].text.startswith("Encrypted ")
    assert not document.children


def test_a_signed_text_is_read_without_its_armour(parse):
    text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nIt is open.\n"
    text += "-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n"
    assert texts(parse(mail(text).as_bytes(), "a.eml"))[2:] == ["It is open."]


def test_a_message_of_nothing_but_an_attachment_has_children(parse):
    part = "--x\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+Ig==\n--x--\n"
    document = parse(raw("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x", part), "a.eml")
    assert [child.name for child in document.children] == ["winmail.dat"]


def test_a_subject_alone_is_text(parse):
    assert [block.text for block in parse(b"Subject: Come at ten\n\n", "a.eml").blocks] == ["Come at ten"]


def test_nothing_at_all_is_no_text(reason):
    assert reason(b"  \n\n   \n", "a.eml") == "no_text"


def test_apples_file_holds_a_message(parse):
    message = mail().as_bytes()
    document = parse(str(len(message)).encode() + b"\n" + message + b'<?xml version="1.0"?><plist></plist>', "1.emlx")
    assert document.title == "The lake" and document.blocks[-1].text == "the lake is open."


def test_a_saved_web_page_is_read_as_one(parse):
    page = raw(
        "From: <Saved by Blink>\nSubject: The lake\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x",
        "--x\nContent-Type: text/html\n\n<html><title>The lake</title><h1>Depth</h1><p>Three metres.</p></html>\n--x--\n",
    )
    document = parse(page, "a.mht")
    assert (document.title, [block.text for block in document.blocks]) == ("The lake", ["Depth", "Three metres."])


def test_a_message_is_known_without_a_suffix(parse):
    assert (
        parse(mail(Date="Fri, 16 Dec 2022 17:04:16 -0500").as_bytes(), "cur/1671228256.M1:2,S").media_type
        == "message/rfc822"
    )


@pytest.mark.parametrize(
    "data",
    [
        raw("Subject: " + "=?utf-8?Q?a?= " * 50_000),
        raw("To: " + "a@b.c, " * 50_000 + '"' * 20_000),
        raw("Subject: a", "On a:\n" * 50_000),
        raw("Subject: a", ("On " + "a " * 180 + "wrote:\n") * 3000),
        raw("Subject: a", "> " * 200_000),
        raw("Subject: a", "-----BEGIN PGP SIGNED MESSAGE-----\n" * 10_000),
        raw("Subject: a\nContent-Type: text/html", "<div class=gmail_quote>" * 20_000),
        raw("Subject: a\nContent-Type: text/calendar", "SUMMARY;A=" * 20_000 + "\n" + "BEGIN:VEVENT\n" * 20_000),
        raw("Subject: a\nContent-Type: text/plain", "begin 644 a\n" + "M" * 60 + "\n" + "begin 644 a\n" * 20_000),
    ],
)
def test_hostile_messages_are_read_in_bounded_time(parse, data):
    start = time.monotonic()
    parse(data, "a.eml")
    assert time.monotonic() - start < 10


def test_too_many_parts_are_refused(reason):
    assert reason(raw("Content-Type: multipart/mixed; boundary=x", "--x\n\na\n" * 3000), "a.eml") == "broken"


def test_parts_nested_without_end_are_refused(reason):
    headers = "".join(f"Content-Type: multipart/mixed; boundary=x{n}\n\n--x{n}\n" for n in range(900))
    assert reason(headers.encode(), "a.eml") == "broken"


def test_a_message_that_speaks_of_boundaries_is_read(parse):
    assert parse(mail("The boundary holds.\n" * 1500).as_bytes(), "a.eml").blocks[-1].text.startswith("The boundary holds.")


@pytest.mark.parametrize("charset", ["ISO-2022-JP", "iso-2022-jp-ms", "csISO2022JP"])
def test_japanese_mail_keeps_the_characters_that_only_windows_has(parse, charset):
    # The bytes of 会議は①番、㈱山田、髙橋。 in ISO-2022-JP as programs for Windows write it.
    body = b'\x1b$B2q5D$O-!HV!"-j;3ED!"|b66!#\x1b(B\nRoom 5\n'
    document = parse(raw(f"From: a@b.jp\nSubject: Meeting\nContent-Type: text/plain; charset={charset}", body), "a.eml")
    assert "会議は①番、㈱山田、髙橋。" in document.blocks[-1].text
    assert "Room 5" in document.blocks[-1].text


def test_what_no_set_of_characters_has_is_a_sign_of_replacement_and_the_rest_stays(parse):
    body = b"\x1b$B2q)!5D\x1b(I1\x1b(B ok\n"
    document = parse(raw("From: a@b.jp\nSubject: x\nContent-Type: text/plain; charset=iso-2022-jp", body), "a.eml")
    assert document.blocks[-1].text == "会\ufffd議ｱ ok"


def test_utf8_under_the_name_of_a_seven_bit_encoding_is_read_as_utf8(parse):
    headers = "From: a@b.jp\nSubject: x\nContent-Type: text/plain; charset=iso-2022-jp\nContent-Transfer-Encoding: 8bit"
    assert parse(raw(headers, "会議は①番。\n".encode()), "a.eml").blocks[-1].text == "会議は①番。"
