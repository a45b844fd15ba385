"""Is it them or is it us."""

from __future__ import annotations

from traywatch.watch.network import Network


def test_several_hosts_failing_together_is_us() -> None:
    network = Network(hosts=10)
    assert not network.failed("a", "no route")
    assert not network.failed("a", "no route")
    assert not network.failed("b", "no route")
    assert network.failed("c", "no route")
    assert network.offline
    assert not network.failed("d", "no route"), "said once"


def test_one_that_answers_in_between_makes_it_them() -> None:
    network = Network(hosts=10)
    network.failed("a", "no route")
    network.failed("b", "no route")
    network.answered("d")
    assert not network.failed("c", "no route")
    assert not network.offline


def test_the_first_answer_ends_it_once() -> None:
    network = Network(hosts=1)
    assert network.failed("a", "no route")
    assert network.answered("a")
    assert not network.offline
    assert not network.answered("a")


def test_with_fewer_hosts_all_of_them_make_it_us() -> None:
    network = Network(hosts=2)
    assert not network.failed("a", "no route")
    assert network.failed("b", "name not known")
    assert network.reason == "name not known"


def test_hosts_that_failed_while_others_answered_say_nothing_about_us() -> None:
    network = Network(hosts=10)
    for host in "abc":
        network.failed(host, "no route")
        network.answered("z")
    assert not any(network.failed(host, "no route") for host in "abcabc")
    assert network.dead == set("abc")


def test_one_that_answers_again_counts_again() -> None:
    network = Network(hosts=10)
    for host in "abc":
        network.failed(host, "no route")
        network.answered("z")
        network.answered(host)
        assert host not in network.dead
    network.failed("a", "no route")
    network.failed("b", "no route")
    assert network.failed("c", "no route")


def test_where_few_are_left_that_answered_all_of_them_make_it_us() -> None:
    """And as many failures in a row as with all well: one of a single host is soon made."""
    network = Network(hosts=4)
    for host in "abc":
        network.failed(host, "no route")
        network.answered("d")
    assert not network.failed("a", "no route")
    assert not network.failed("b", "no route")
    assert not network.failed("c", "no route")
    assert network.failed("d", "no route")


def test_what_failed_while_offline_is_theirs_from_the_first_answer_on() -> None:
    """Or those that are really dead would make us offline again at once."""
    network = Network(hosts=10)
    for host in "abc":
        network.failed(host, "no route")
    assert network.offline and not network.dead
    network.answered("d")
    assert not any(network.failed(host, "no route") for host in "abc")
