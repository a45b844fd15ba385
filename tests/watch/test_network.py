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
    network.answered()
    assert not network.failed("c", "no route")
    assert not network.offline


def test_the_first_answer_ends_it_once() -> None:
    network = Network(hosts=1)
    assert network.failed("a", "no route")
    assert network.answered()
    assert not network.offline
    assert not network.answered()


def test_with_fewer_hosts_all_of_them_make_it_us() -> None:
    network = Network(hosts=2)
    assert not network.failed("a", "no route")
    assert network.failed("b", "name not known")
    assert network.reason == "name not known"
