"""npsd --check-config --connect: what it finds on real servers, that it names the cause, and that it writes nothing."""
import harness
from harness import yaml_text
from stream import BASE_MS, event


def connect(case, **options):
    """The exit code, and the findings as lines of two words or more."""
    path = case.folder / "connect.yaml"
    path.write_text(yaml_text({**case.file(), **options}))
    done = harness.run("npsd", "--config", str(path), "--check-config", "--connect")
    assert done.stderr == "", done.stderr
    return done.returncode, [" ".join(line.split()) for line in done.stdout.splitlines()]


def expect(found, code, *lines):
    assert found[0] == code, found
    for line in lines:
        assert any(line in one for one in found[1]), f"{line}\n" + "\n".join(found[1])


def changes(case):
    return case.redis.info("persistence")["rdb_changes_since_last_save"]


def test_all_is_well(case):
    producer = case.topic_of(2)
    for n in range(150):
        producer.send(event(f"r{n}", 9), BASE_MS, partition=n % 2, key=f"r{n}")
    producer.flush()
    found = connect(case)
    expect(found, 0, "ok configuration: valid", "ok Redis: connected, version", "ok Redis: maxmemory-policy is noeviction",
           "ok Redis: the user has the rights", 'ok keys: nothing is counted under prefix "nps" yet', "ok Kafka: connected, 1 brokers",
           f'ok Kafka: topic "{case.topic}" has 2 partitions', "ok records: 100 of the newest 100 are accepted", "0 errors, 0 warnings")
    assert changes(case) == 0 and case.redis.dbsize() == 0
    case.drain()
    before = changes(case)
    expect(connect(case), 0, f'belong to group "{case.topic}" and were counted with this configuration', "0 errors, 0 warnings")
    assert changes(case) == before
    case.check()


def test_what_is_wrong_with_the_records_is_named(case):
    producer = case.topic_of(2)
    for n, value in enumerate([event("a", 9), event("b", 11), event("c", 12), event("d", 9, survey_kind=...), b"{"]):
        producer.send(value, BASE_MS, partition=n % 2)
    producer.flush()
    expect(connect(case), 0, "ok records: 1 of the newest 5 are accepted",
           f"warning records: 2 rejected with out_of_range: {case.topic}/", "score: score is outside 0 to 10",
           f"warning records: 1 rejected with no_kind: {case.topic}/1 offset 1", f"rejected with bad_json: {case.topic}/0 offset 2",
           "warning records: 5 have no key")
    expect(connect(case, **{"defaults.survey_kind": "other"}), 0, "ok records: 2 of the newest 5 are accepted")


def test_a_topic_of_bad_records_alone_is_an_error(case):
    producer = case.topic_of(1)
    producer.send(b"not JSON", BASE_MS, key="k")
    producer.flush()
    expect(connect(case), 1, "error records: 0 of the newest 1 are accepted", "rejected with bad_json")


def test_names_that_are_wrong(case):
    case.topic_of(1)
    wrong = case.topic[:-1] + "x"
    expect(connect(case, **{"kafka.topics": [wrong, case.topic]}), 1,
           f'error Kafka: topic "{wrong}" does not exist; the nearest is "{case.topic}"',
           f'ok Kafka: topic "{case.topic}" has 1 partitions', "warning records: the topics hold none that can be read")
    port = harness.free_port()
    expect(connect(case, **{"kafka.brokers": f"127.0.0.1:{port}", "redis.url": f"redis://127.0.0.1:{port}/0"}), 1,
           f"error Redis at 127.0.0.1:{port}/0: cannot connect: Connection refused", f"error Kafka at 127.0.0.1:{port}:", "Connection refused (", "2 errors")


def test_a_broker_that_expects_another_login(case):
    case.topic_of(1)
    sasl = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "a", "sasl.password": "b"}
    expect(connect(case, **{"kafka.properties": sasl}), 1, "SASL PLAIN mechanism handshake failed")
    expect(connect(case, **{"kafka.properties": {"security.protocol": "SSL"}}), 1, "SSL handshake failed")


def test_rights_and_policy(case):
    case.topic_of(1)
    case.redis.config_set("maxmemory-policy", "allkeys-lru")
    expect(connect(case), 1, "error Redis: maxmemory-policy is allkeys-lru")
    port = case.redis_server.port

    def url(*rules):
        case.redis.execute_command("ACL", "SETUSER", "u", "reset", "on", ">pw", *rules)
        return {"redis.url": f"redis://u:pw@127.0.0.1:{port}/0"}

    expect(connect(case, **url("~nps:*", "~{nps:alerts}:*", "+@all", "-xlen", "-hincrby")), 1,
           "error Redis: the user may not run hincrby, publish, xlen on the keys nps:* and {nps:alerts}:*")
    expect(connect(case, **url("~nps:*", "&nps:alerts:*", "+@all")), 1, "error Redis: the user may not run del, exists")
    expect(connect(case, **url("allkeys", "allchannels", "+@all", "-script")), 1, "error Redis at", "script|load")
    expect(connect(case, **url("~nps:*", "~{nps:alerts}:*", "&nps:alerts:*", "+@all", "-@admin", "-info")), 0,
           "ok Redis: the user has the rights", "warning Redis: maxmemory-policy cannot be read", "its version cannot be read")
    expect(connect(case, **{"redis.url": f"redis://u:wrong@127.0.0.1:{port}/0"}), 1, "error Redis at", "WRONGPASS")
    assert case.redis.dbsize() == 0


def test_keys_of_another_owner(case):
    producer = case.topic_of(1)
    producer.send(event("a", 9), BASE_MS, key="a")
    case.drain()
    expect(connect(case, **{"kafka.group": "other"}), 1, f'error keys: the keys under prefix "nps" belong to group "{case.topic}"', "an npsd publishes them; last heartbeat")
    case.redis.hincrby("nps:meta", "heartbeat_ms", -65_000)
    expect(connect(case, shards=3), 1, "error keys: the configuration differs", "--rebuild", "no npsd publishes them now; last heartbeat 6")
    running = case.npsd()
    harness.wait_for("it runs", lambda: running.alive() and "counting" in running.output())
    beat = case.redis.hget("nps:meta", "heartbeat_ms")
    harness.wait_for("it publishes", lambda: running.alive() and case.redis.hget("nps:meta", "heartbeat_ms") != beat)
    expect(connect(case), 0, "ok keys: an npsd publishes them; last heartbeat")
    assert running.alive() and "revoked" not in running.output(), "the group was not joined"


def test_it_belongs_to_check_config():
    done = harness.run("npsd", "--connect")
    assert done.returncode == 2 and "--connect requires --check-config" in done.stderr


def test_the_first_day_page_quotes_what_is_said(case):
    """Each text is in an output, and in the page that explains it."""
    page = (harness.HERE.parents[1] / "docs" / "first-day.md").read_text()
    port, dead = case.redis_server.port, harness.free_port()
    case.topic_of(1).send(event("a", 9, survey_kind=...), BASE_MS, key="a")
    case.drain()
    case.redis.execute_command("ACL", "SETUSER", "u", "on", ">pw", "~*", "+@read")
    for options, texts in [
        ({"kafka.broker": "x"}, ["unknown option; the nearest known option is kafka.brokers"]),
        ({"kafka.properties": {"security.protocl": "ssl"}}, ['librdkafka has no such property; the nearest that it has is security.protocol']),
        ({"kafka.group": "b"}, ['this npsd is in group "b"', "with no_kind", "survey_kind is missing and has no default"]),
        ({"kafka.topics": [case.topic, "a"]}, ['the keys under prefix "nps" do not count topic "a"']),
        ({"shards": 3}, ["the configuration differs from the one that these keys were counted with, first in"]),
        ({"redis.url": f"redis://127.0.0.1:{dead}/0"}, ["cannot connect: Connection refused"]),
        ({"redis.url": f"redis://u:x@127.0.0.1:{port}/0"}, ["WRONGPASS invalid username-password pair"]),
        ({"redis.url": f"redis://u:pw@127.0.0.1:{port}/0"}, ["NOPERM this user has no permissions to run the"]),
        ({"kafka.brokers": f"127.0.0.1:{dead}"}, ["failed: Connection refused"]),
    ]:
        path = case.folder / "page.yaml"
        path.write_text(yaml_text({**case.file(), **options}))
        done = harness.run("npsd", "--config", str(path), "--check-config", "--connect")
        for text in texts:
            assert text in done.stdout + done.stderr and text in page, f"{text}\n{done.stdout}{done.stderr}"
