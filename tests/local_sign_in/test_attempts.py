"""How often a password may be tried, and that nobody can use that to keep another out."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from resources.postgres import sign_in_attempts, users
from resources.sign_in.password_grant import place_of
from tests.api.conftest import error_of
from tests.local_sign_in.conftest import sign_in


@pytest.fixture
def fail(platform):
    """Fails to sign in so many times, without the work of bcrypt; gives the waits that were asked for."""

    def run(name: str, address: str, times: int = 1) -> list[int]:
        waits = []
        for _ in range(times):
            with platform.database.transaction() as connection:
                waits.append(sign_in_attempts.begin(connection, name, address).wait_s)
        return waits

    return run


@pytest.fixture
def later(owner):
    """Lets time pass for all attempts so far."""

    def run(seconds: int) -> None:
        with owner() as connection:
            connection.execute(
                "UPDATE sign_in_attempts SET blocked_until = blocked_until - make_interval(secs => %s), "
                "last_at = last_at - make_interval(secs => %s)",
                (seconds, seconds),
            )

    return run


def test_after_five_failures_each_next_one_waits_twice_as_long(fail, later, person):
    name, waits = person().name, []
    assert fail(name, "192.0.2.1", 6) == [0] * 6
    for _ in range(12):
        (wait,) = fail(name, "192.0.2.1")
        waits.append(wait)
        later(wait)
        assert fail(name, "192.0.2.1") == [0]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_waiting_is_a_429_that_says_how_long_whether_or_not_the_name_exists(at, person):
    for name in (person().name, f"nobody-{uuid4()}"):
        client = at()
        answers = [sign_in(client, name, "a wrong password") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [401] * 6 + [429]
        error_of(answers[-1], 429, "too_many_requests")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 2


def test_while_waiting_even_the_right_password_does_not_count(at, person, fail):
    client, name = at("198.51.100.7"), person().name
    fail(name, "198.51.100.7", 6)
    assert sign_in(client, name).status_code == 429


def test_attempts_while_waiting_do_not_prolong_the_wait(fail, later, person):
    name = person().name
    fail(name, "192.0.2.2", 8)
    waits = fail(name, "192.0.2.2", 50)
    assert set(waits) <= {1, 2}
    later(2)
    assert fail(name, "192.0.2.2") == [0]


def test_many_attempts_at_once_are_counted_each(fail, person):
    name = person().name
    with ThreadPoolExecutor(8) as pool:
        waits = [wait for waits in pool.map(lambda _: fail(name, "192.0.2.3", 5), range(8)) for wait in waits]
    assert waits.count(0) == 6


def test_an_attacker_elsewhere_does_not_keep_the_owner_out(at, person, fail):
    user = person()
    home = at()
    assert sign_in(home, user.name).status_code == 200
    for number in range(300):
        fail(user.name, f"203.0.113.{number % 250}", 2)
    assert sign_in(at(), user.name).status_code == 429, "a new address waits while the attack lasts"
    for _ in range(3):
        assert sign_in(home, user.name).status_code == 200


def test_an_attacker_at_the_owners_own_address_makes_them_wait_a_minute_at_most(at, person, fail, later):
    user = person()
    home = at("198.51.100.9")
    assert sign_in(home, user.name).status_code == 200
    for _ in range(40):
        (wait,) = fail(user.name, "198.51.100.9")
        later(wait)
    longest = max(fail(user.name, "198.51.100.9", 2))
    assert longest <= 60
    later(60)
    assert sign_in(home, user.name).status_code == 200


def test_an_attacker_with_many_addresses_is_slowed_to_an_attempt_in_thirty_seconds(fail, person, later):
    name = person().name
    assert sum(fail(name, f"203.0.113.{n}") == [0] for n in range(200)) == 51
    for _ in range(8):
        later(30)
        fail(name, f"2001:db8:{uuid4().hex[:4]}::/64")
    waits = fail(name, "192.0.2.77")
    assert 29 <= waits[0] <= 30


def test_success_forgets_the_failures_of_that_address(at, person, fail):
    user = person()
    for _ in range(3):
        fail(user.name, "198.51.100.20", 5)
        assert sign_in(at("198.51.100.20"), user.name).status_code == 200


def test_enabling_forgets_all_failures(at, person, fail, owner):
    user = person()
    fail(user.name, "198.51.100.21", 10)
    assert sign_in(at("198.51.100.21"), user.name).status_code == 429
    with owner() as connection:
        users.enable(connection, user.name)
    assert sign_in(at("198.51.100.21"), user.name).status_code == 200


def test_refreshing_goes_on_under_an_attack(at, person, fail):
    from tests.local_sign_in.conftest import refresh

    user = person()
    token = sign_in(at("198.51.100.22"), user.name).json()["refresh_token"]
    fail(user.name, "198.51.100.22", 20)
    assert refresh(at("198.51.100.22"), token).status_code == 200


def test_failures_that_are_a_day_old_are_cleared_away(fail, later, owner, person):
    fail(f"nobody-{uuid4()}", "192.0.2.30", 3)
    later(2 * 86_400)
    for _ in range(40):
        fail(person().name, "192.0.2.31")
    with owner() as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM sign_in_attempts WHERE last_at < now() - interval '1 day'"
        ).fetchone()
    assert row["n"] == 0


def test_failed_attempts_are_shown_to_the_operator_until_the_next_success(at, person, fail, owner):
    user = person()
    fail(user.name, "192.0.2.40", 3)

    def count():
        with owner() as connection:
            return next(each.failed_count for each in users.listing(connection) if each.id == user.id)

    assert count() == 3
    sign_in(at(), user.name)
    assert count() == 0


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("testclient", "testclient"),
    ],
)
def test_addresses_that_one_subscriber_has_are_one_place(address, place):
    assert place_of(address) == place
