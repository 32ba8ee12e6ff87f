"""Indexes and ranks become right whatever happens, and what that costs does not depend on the keys of others."""
import signal

from harness import wait_for
from stream import BASE_MS, event

RANK = "nps:rank:transactional:location/1:30d"


def answer(n, location, **more):
    return event(f"r{n}", n % 11, survey_kind="transactional", location=location, **more)


def test_a_stop_leaves_indexes_and_ranks_as_they_should_be(case):
    """What is missing, wrong or too much is found when a process stops, not at its next sweep."""
    producer = case.topic_of(1, sets=[[], ["location"]], windows=["30d"], rank_min_n=1)
    for n in range(40):
        producer.send(answer(n, f"u{n}"), BASE_MS)
    producer.flush()
    npsd = case.npsd()
    wait_for("the rank is whole", lambda: npsd.alive() and case.redis.zcard(RANK) == 40)
    case.settle(npsd)
    case.redis.srem("nps:index:location", *(f"kind=transactional,location=u{n}" for n in range(3)))
    case.redis.zadd(RANK, {"u7": 99})
    case.redis.zrem(RANK, "u8")
    npsd.signal(signal.SIGTERM)
    npsd.expect_exit(0)
    case.check()


def test_a_rank_keeps_its_members_while_memory_is_exhausted(case):
    """Every error of ZADD was taken for a value of another type, and the rank was deleted."""
    producer = case.topic_of(1, sets=[["location"]], windows=["30d"], rank_min_n=1)
    case.options = {"publish.sweep": "1s", "redis.timeout": "1s"}
    for n in range(40):
        producer.send(answer(n, f"u{n}"), BASE_MS)
    producer.flush()
    npsd = case.npsd()
    wait_for("the rank is whole", lambda: npsd.alive() and case.redis.zcard(RANK) == 40)
    case.redis.config_set("maxmemory", case.redis.info("memory")["used_memory"] // 2)
    for n in range(40):
        producer.send(answer(100 + n, f"u{n}"), BASE_MS)
    producer.flush()
    wait_for("Redis refuses", lambda: npsd.alive() and npsd.output().count("OOM") >= 4)
    assert case.redis.zcard(RANK) == 40
    case.redis.config_set("maxmemory", 0)
    case.settle(npsd)


def test_foreign_keys_cost_nothing(case):
    """A sweep scanned the whole database, over and over where it was large."""
    used = {}
    producer = case.topic_of(1, sets=[[], ["location"]])
    for n in range(100):
        producer.send(answer(n, f"u{n % 10}"), BASE_MS)
    for foreign in (0, 200_000):
        case.redis.flushall()
        case.redis.eval("for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'theirs:' .. i, i) end", 0, foreign)
        case.redis.config_resetstat()
        case.drain()
        stats = case.redis.info("commandstats")
        assert "cmdstat_scan" not in stats and "cmdstat_keys" not in stats
        used[foreign] = sum(stat["calls"] for stat in stats.values())
    assert used[200_000] < 2 * used[0], used
    assert case.redis.dbsize() > 200_000


def test_what_is_registered_is_what_stands(case):
    """Every public key with a name of its own is registered, and nothing else is."""
    producer = case.topic_of(2, sets=[[], ["location"]], series_sets=[["location"]], series_steps=["5m"], windows=["24h"], shards=2)
    for n in range(60):
        producer.send(answer(n, f"u{n % 7}", revision=1), BASE_MS, partition=n % 2)
    case.drain()
    producer.send(answer(6, "u1", revision=2), BASE_MS, partition=0)
    case.drain()
    registered = set()
    for shard in range(2):
        registered |= case.redis.smembers(f"{{nps:alerts}}:keys:{shard}")
    stand = {key for key in case.redis.scan_iter("nps:*", count=10_000)} - {b"nps:totals", b"nps:meta", b"nps:alerts"}
    assert stand <= registered
