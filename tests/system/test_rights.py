"""The rights that docs/redis.md gives each kind of user suffice, and none of them can be left out."""
import re
import subprocess

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from harness import HERE, Npsd, RedisServer, free_port, program, wait_for
from stream import Stream, seed_of, send_all

DOCS = (HERE.parents[1] / "docs" / "redis.md").read_text()
OPTIONAL = {"+info", "+ping", "+select"}  # the version is unknown then; database 0 needs no SELECT


def rules_of(user):
    return re.search(rf"ACL SETUSER {user} ((?:.*\\\n)*.*)", DOCS).group(1).replace("\\\n", "").split()


def grant(redis, user, rules):
    redis.execute_command("ACL", "SETUSER", user, "reset", "on", ">secret", *rules)


def url_of(server, user):
    return server.url.replace("redis://", f"redis://{user}:secret@")


def test_npsd_names_the_right_that_it_lacks(redis_server, redis, tmp_path):
    rules = rules_of("npsd")
    assert len(rules) > 35
    for rule in rules:
        if rule in OPTIONAL:
            continue
        grant(redis, "npsd", [given for given in rules if given != rule])
        npsd = Npsd(tmp_path, {"redis.url": url_of(redis_server, "npsd"), "kafka.brokers": "127.0.0.1:1"})
        npsd.expect_exit(1)
        assert len(npsd.output().splitlines()) == 1, npsd.output()
        assert f'user "npsd" lacks the rights {rule}; see docs/redis.md' in npsd.output()
        assert [key for key in redis.keys() if not key.endswith(b"probe")] == [], rule
    grant(redis, "npsd", [])
    npsd = Npsd(tmp_path, {"redis.url": url_of(redis_server, "npsd"), "kafka.brokers": "127.0.0.1:1"})
    npsd.expect_exit(1)
    assert 'user "npsd" lacks the rights +script|load' in npsd.output()
    assert redis.dbsize() == 0


def test_the_documented_rights_suffice(case):
    """npsd counts, sweeps and drains with them; a command that is lost later ends it."""
    stream, rules = Stream(seed_of(60), partitions=1, responses=60, pace_ms=15_000), rules_of("npsd")
    producer = case.topic_of(1)
    case.options = {"redis.url": url_of(case.redis_server, "npsd"), "batch.age": "5ms", "snapshot.interval": "200ms"}
    grant(case.redis, "npsd", [rule for rule in rules if rule not in OPTIONAL])
    npsd = case.npsd()
    send_all(producer, stream.take(60))
    wait_for("npsd counts", lambda: npsd.alive() and case.consumed() == 60)
    assert "INFO is refused; npsd cannot check version, maxmemory-policy and cluster mode" in npsd.output()
    case.redis.execute_command("ACL", "SETUSER", "npsd", "-xlen")
    send_all(producer, stream.take(20))
    npsd.expect_exit(1)
    grant(case.redis, "npsd", rules)
    case.drain()
    case.check()
    assert not case.redis.exists("nps:probe", "{nps:alerts}:probe")


def test_npsctl_needs_each_of_its_rights(redis_server, redis, tmp_path):
    redis.hset("nps:meta", mapping={"contract": "1", "heartbeat_ms": "1"})
    redis.hset("nps:totals", "consumed", "1")
    redis.hset("nps:v:{all}", "24h", '{"n":1,"nps":1,"nps_lo":0,"nps_hi":2}')
    redis.zadd("nps:rank:all:channel:24h", {"email": 1})
    redis.xadd("nps:alerts", {"id": "r:1", "json": "{}"})
    config = tmp_path / "npsctl.yaml"
    config.write_text(f"redis.url: {url_of(redis_server, 'npsctl')}\nkinds.split: false\n")
    calls = [["get", "all"], ["status"], ["alerts"], ["top", "channel", "24h"], ["top", "channel", "24h", "--lowest"]]
    rules = rules_of("npsctl")

    def refused(given):
        grant(redis, "npsctl", given)
        texts = []
        for call in calls:
            done = subprocess.run([program("npsctl"), "--config", str(config), *call], stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=60, check=False)
            texts.append(done.stderr)
        with Redis.from_url(url_of(redis_server, "npsctl")) as client:  # what `alerts --follow` calls without end
            try:
                client.execute_command("XREAD", "COUNT", "100", "STREAMS", "nps:alerts", "0")
            except NoPermissionError as error:
                texts.append(f"NOPERM {error}")
        return [text for text in texts if "NOPERM" in text]

    assert refused(rules) == []
    for rule in rules:
        assert refused([given for given in rules if given != rule]), rule


READS = {
    "dashboard": [["HGET", "nps:v:{all}", "24h"], ["HGETALL", "nps:v:{all}"], ["HGETALL", "nps:series:{all}:1h"],
                  ["HGETALL", "nps:totals"], ["HGETALL", "nps:meta"], ["SMEMBERS", "nps:index:all"],
                  ["SSCAN", "nps:index:all", "0"], ["ZRANGE", "nps:rank:all:channel:24h", "0", "9"],
                  ["ZREVRANGE", "nps:rank:all:channel:24h", "0", "9"]],
    "alerts": [["XREAD", "STREAMS", "nps:alerts", "0"], ["XRANGE", "nps:alerts", "-", "+"],
               ["XGROUP", "CREATE", "nps:alerts", "g{n}", "0"],
               ["XREADGROUP", "GROUP", "g", "me", "STREAMS", "nps:alerts", ">"], ["XACK", "nps:alerts", "g", "1-0"],
               ["SUBSCRIBE", "nps:alerts:all"], ["PSUBSCRIBE", "nps:alerts:*"]],
}


@pytest.mark.parametrize("user", READS)
def test_a_reader_needs_each_of_its_rights(redis_server, redis, user):
    redis.xadd("nps:alerts", {"id": "r:1"})
    redis.xgroup_create("nps:alerts", "g", "0")
    rules, n = rules_of(user), 0

    def refused(given):
        nonlocal n
        n += 1
        grant(redis, user, given)
        found = []
        for read in READS[user]:
            with Redis.from_url(url_of(redis_server, user)) as client:
                try:
                    client.execute_command(*[word.format(n=n) if word == "g{n}" else word for word in read])
                except NoPermissionError:
                    found.append(read)
        return found

    assert refused(rules) == []
    for rule in rules:
        assert refused([given for given in rules if given != rule]), rule
    for write in (["SET", "nps:x", "1"], ["XADD", "nps:alerts", "*", "f", "1"], ["HSET", "nps:totals", "f", "1"]):
        grant(redis, user, rules)
        with Redis.from_url(url_of(redis_server, user)) as client, pytest.raises(NoPermissionError):
            client.execute_command(*write)


@pytest.mark.parametrize("policy, allowed, code", [
    ("allkeys-lru", "false", "set noeviction, or redis.allow_eviction"),
    ("volatile-lru", "false", "set noeviction, or redis.allow_eviction"),
    ("allkeys-lru", "true", "npsd continues since redis.allow_eviction is set"),
])
def test_a_server_that_evicts_is_refused(redis_server, redis, tmp_path, policy, allowed, code):
    redis.config_set("maxmemory-policy", policy)
    npsd = Npsd(tmp_path, {"redis.url": redis_server.url, "redis.allow_eviction": allowed, "kafka.brokers": "127.0.0.1:1"})
    wait_for("npsd looks at the policy", lambda: code in npsd.output())
    if allowed == "false":
        npsd.expect_exit(1)
        assert redis.dbsize() == 0
    npsd.kill()


def test_a_cluster_is_refused_before_anything_is_counted(tmp_path):
    servers = []
    try:
        for i in range(2):
            (tmp_path / str(i)).mkdir()
            servers.append(RedisServer(tmp_path / str(i), "--cluster-enabled", "yes"))
        one, two = servers
        one.client.execute_command("CLUSTER", "MEET", "127.0.0.1", two.port)
        one.client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 8191)
        two.client.execute_command("CLUSTER", "ADDSLOTSRANGE", 8192, 16383)
        wait_for("the cluster is up", lambda: b"cluster_state:ok" in one.client.execute_command("CLUSTER", "INFO"))
        for server in servers:
            npsd = Npsd(tmp_path, {"redis.url": server.url, "kafka.brokers": "127.0.0.1:1"})
            npsd.expect_exit(1)
            assert "the server runs in cluster mode, which npsd does not support" in npsd.output()
            assert server.client.dbsize() == 0
    finally:
        for server in servers:
            server.stop()


@pytest.mark.parametrize("database, prefix, warned", [(1, "nps", True), (1, "other", False), (0, "nps", False)])
def test_a_database_with_the_default_prefix_is_warned_of(redis_server, tmp_path, database, prefix, warned):
    url = redis_server.url.removesuffix("/0") + f"/{database}"
    npsd = Npsd(tmp_path, {"redis.url": url, "prefix": prefix, "kafka.brokers": f"127.0.0.1:{free_port()}"})
    wait_for("npsd connects", lambda: npsd.alive() and "connected, version" in npsd.output())
    npsd.kill()
    assert ("channels do not belong to a database" in npsd.output()) == warned
