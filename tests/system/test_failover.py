"""Sentinels name another master while npsd counts: it goes there by itself, and the counts are right."""
import signal

import pytest

import harness
from conftest import Case, need
from harness import QUICK, wait_for
from sentinels import Sentinels
from stream import SETS, Stream, seed_of, send_all


@pytest.fixture(params=[False, True], ids=["plain", "secured"])
def sentinels(request, tmp_path):
    need("redis-server", "openssl")
    found = Sentinels(tmp_path, request.param)
    found.client = found.clients["redis-0"]
    yield found
    found.stop()


@pytest.fixture
def sentinel_case(broker, sentinels, tmp_path):
    found = Case(broker, sentinels, tmp_path)
    yield found
    found.stop()


def npsctl(sentinels, *words):
    return harness.run("npsctl", *[f"--set={name}={value}" for name, value in sentinels.options.items()], *words)


def test_the_counts_are_right_after_fail_overs_under_load(sentinel_case, sentinels):
    case, stream = sentinel_case, Stream(seed_of(70), responses=200, pace_ms=15_000)
    producer, sent = case.topic_of(3, sets=SETS), 0
    case.options = {**sentinels.options, "redis.timeout": "1s", "batch.age": "5ms", "kafka.properties": QUICK}
    npsd = case.npsd()

    def send_until(condition):
        nonlocal sent
        send_all(producer, stream.take(20))
        sent += 20
        return condition()

    wait_for("npsd counts", lambda: npsd.alive() and send_until(lambda: case.consumed() > 100))

    sentinels.fail_over()
    wait_for("redis-1 is the master", lambda: sentinels.is_master("redis-1"))
    sentinels.demote("redis-0", "redis-1")  # the Sentinels do it, too, after 10 s
    case.redis = sentinels.clients["redis-1"]
    wait_for("npsd counts at the new master", lambda: npsd.alive() and send_until(
        lambda: sentinels.is_master("redis-1") and case.consumed() > sent // 2), every_s=0.1)
    wait_for("all is counted", lambda: npsd.alive() and case.consumed() == sent)

    sentinels.wait_for_replica("redis-0")
    sentinels.kill("redis-1")  # while records arrive, and npsd writes
    case.redis = sentinels.clients["redis-0"]
    wait_for("npsd counts at the new master", lambda: npsd.alive() and send_until(
        lambda: sentinels.is_master("redis-0") and case.consumed() > sent // 2), every_s=0.1)
    wait_for("all is counted", lambda: npsd.alive() and case.consumed() == sent)

    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.drain()
    case.check()
    segment = "kind=relational"
    done = npsctl(sentinels, "--json", "get", segment)
    assert done.returncode == 0 and segment in done.stdout, done.stderr


@pytest.mark.parametrize("sentinels", [True], ids=["secured"], indirect=True)
def test_what_sentinels_refuse_is_reported(sentinels):
    done = npsctl(sentinels, "status")
    assert done.returncode == 1 and "nps:meta does not exist" in done.stderr, done.stderr
    done = npsctl(sentinels, f"--set=redis.url={sentinels.url.replace('/mymaster', '/other')}", "status")
    assert done.returncode == 3 and "it does not know a master of this name" in done.stderr, done.stderr
    done = npsctl(sentinels, "--set=redis.sentinel_password=wrong", "status")
    assert done.returncode == 3 and "WRONGPASS" in done.stderr, done.stderr
