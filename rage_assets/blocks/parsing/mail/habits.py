"""How people and their mail programs introduce quotations and sign, in many languages."""

import re
from functools import cache

# The first of the old headers above a quotation, and the others.
_SENDERS = "From|Von|De|Da|Van|Från|Fra|Od|От|Lähettäjä|Feladó|Kimden|发件人|寄件者|差出人|보낸\\s?사람|מאת|من"
SENDER = re.compile(rf"[*_ \t]*(?:{_SENDERS})[*_ \t]*[:：]", re.IGNORECASE)
_OTHERS = (
    "Sent|To|Cc|Bcc|Subject|Date|Reply-To", "Gesendet|An|Betreff|Datum", "Envoyé|À|Objet", "Enviado|Para|Asunto|Fecha",
    "Enviada em|Assunto|Data", "Inviato|A|Oggetto", "Verzonden|Aan|Onderwerp", "Skickat|Till|Ämne", "Sendt|Til|Emne",
    "Wysłano|Do|Temat", "Odesláno|Komu|Předmět", "Отправлено|Кому|Тема|Дата|Копия", "发送时间|收件人|主题|抄送|日期",
    "送信日時|宛先|件名", "제목|받는\\s?사람|보낸\\s?날짜",
)  # fmt: skip
HEADER = re.compile(rf"[*_ \t]*(?:{'|'.join(_OTHERS)})[*_ \t]*[:：]", re.IGNORECASE)
_ORIGINALS = (
    "Original Message", "Forwarded message", "Forwarded by\\b.*", "Reply message", "Ursprüngliche Nachricht",
    "Original-Nachricht", "Originalnachricht", "Weitergeleitete Nachricht", "Message d.origine", "Message original",
    "Message transféré", "Mensaje original", "Mensaje reenviado", "Mensagem original", "Mensagem encaminhada",
    "Messaggio originale", "Messaggio inoltrato", "Oorspronkelijk bericht", "Doorgestuurd bericht",
    "Ursprungligt meddelande", "Oprindelig meddelelse", "Opprinnelig melding", "Wiadomość oryginalna",
    "Původní zpráva", "Исходное сообщение",
    "Пересылаемое сообщение", "原始邮件", "原始郵件", "元のメッセージ", "원본 메시지",
)  # fmt: skip
_FORWARDS = (
    "Begin forwarded message", "Anfang der weitergeleiteten Nachricht", "Début du message (?:réexpédié|transféré)",
    "Inicio del mensaje reenviado", "Inizio messaggio inoltrato",
)  # fmt: skip
_RULE = "(?:-{2,}|_{2,}|={2,})"
# A line above which everything is new, and below which nothing is.
ORIGINAL = re.compile(
    rf"[ \t>]*{_RULE}[ \t]*(?:{'|'.join(_ORIGINALS)})[ \t]*(?:{_RULE}|$)|[ \t]*(?:{'|'.join(_FORWARDS)}):[ \t]*$",
    re.IGNORECASE,
)
# Where the library's list of languages ends.
_VERBS = (
    "wrote|writes", "schrieb", "escribió", "escreveu", "kirjoitti", "пишет", "писал(?:\\(а\\)|а)?", "написал(?:\\(а\\)|а)?",
    "yazdı", "ezt írta", "a écrit", "ha scritto", "schreef", "skrev",
)  # fmt: skip
WROTE = re.compile(
    rf"(?:>[ \t]?)*.{{5,250}}(?: (?:{'|'.join(_VERBS)})|写道|寫道|書きました|のメッセージ)[ \t\xa0]*[:：][ \t]*$",
    re.IGNORECASE,
)
_CLOSINGS = (
    "Best", "Cheers", "Sincerely", "Yours (?:sincerely|truly|faithfully)", "Many thanks", "Warm regards", "VG", "LG",
    "Atenciosamente", "Um abraço", "С уважением", "Terveisin", "Üdvözlettel", "Saygılarımla",
)  # fmt: skip
_DEVICES = ("Von meinem .{2,40} gesendet", "Enviado do meu", "Отправлено с", "Sent with", "Sent via")


@cache
def wrote() -> re.Pattern[str]:
    """A line such as “On Monday, Ann wrote:”."""
    return re.compile("|".join(_patterns("wrote_header")), re.IGNORECASE | re.MULTILINE)


@cache
def closing() -> re.Pattern[str]:
    """The words that close a letter, alone on their line or with a name behind a comma."""
    # The Swedish “/Anna” would be every path.
    words = [pattern.rstrip(",.") for pattern in _patterns("signatures") if not pattern.startswith("/")]
    return re.compile(rf"(?:{'|'.join([*words, *_CLOSINGS])})(?:[\s,.!]*|,[^\n]{{0,40}})$", re.IGNORECASE)


@cache
def sent_from() -> re.Pattern[str]:
    """What telephones write below a message."""
    return re.compile("|".join([*_patterns("sent_from"), *_DEVICES]), re.IGNORECASE)


def _patterns(key: str) -> list[str]:
    from mailparser_reply.constants import MAIL_LANGUAGES

    found = [language.get(key, "") for language in MAIL_LANGUAGES.values()]
    return [pattern for each in found for pattern in ([each] if isinstance(each, str) else each) if pattern]
