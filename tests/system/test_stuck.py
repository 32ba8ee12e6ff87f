"""What cannot be counted, or not yet, keeps nothing else from being counted; and npsd says what it is."""
import json
import uuid

import harness
from harness import QUICK, wait_for
from stream import BASE_MS, event

SOON = {**QUICK, "topic.metadata.refresh.interval.ms": "500"}


def stuck(case):
    return {name.decode(): text.decode() for name, text in case.redis.hgetall("nps:stuck").items()}


def send(case, producer, n=1):
    for _ in range(n):
        producer.send(event(uuid.uuid4().hex, 9), BASE_MS)
    producer.flush()


def test_a_topic_that_comes_late_keeps_no_other_from_being_counted(case):
    late = "a-" + case.topic  # before the other one, by name and in the list
    producer = case.topic_of(1)
    case.options = {"kafka.topics": [late, case.topic], "kafka.properties": SOON}
    send(case, producer, 3)
    npsd = case.npsd()
    wait_for("the other topic is counted", lambda: npsd.alive() and case.consumed() == 3)
    case.options["drain.limit"] = "10s"
    drain = case.npsd("--drain")
    wait_for("the late topic is named", lambda: npsd.alive() and late in stuck(case))
    shown = json.loads(harness.run("npsctl", "--set", f"redis.url={case.redis_server.url}", "--json", "status").stdout)
    assert "does not exist" in shown["stuck"][late]
    drain.expect_exit(1)
    assert f'topic "{late}": does not exist' in drain.output()
    assert case.totals()["counted"] == 3 and case.view("kind=relational", "1h")["n"] == 3
    send(case, producer)
    wait_for("the other topic is counted further", lambda: npsd.alive() and case.consumed() == 4)
    case.broker.make_topics(late)
    send(case, harness.Producer(case.broker.bootstrap, late), 2)
    wait_for("the late topic is counted", lambda: npsd.alive() and case.consumed() == 6)
    wait_for("it is not named any more", lambda: npsd.alive() and late not in stuck(case))


def test_an_open_transaction_is_named_while_it_holds_records_back(case):
    from confluent_kafka import Producer
    producer = case.topic_of(1)
    npsd = case.npsd()
    send(case, producer)
    wait_for("counted", lambda: npsd.alive() and case.consumed() == 1)
    transaction = Producer({"bootstrap.servers": case.broker.bootstrap, "transactional.id": case.topic})
    transaction.init_transactions()
    transaction.begin_transaction()
    transaction.produce(case.topic, json.dumps(event("in-it", 2)).encode(), timestamp=BASE_MS)
    transaction.flush()
    send(case, producer)  # committed, and held back
    name = f"{case.topic}/0"
    wait_for("the transaction is named", lambda: npsd.alive() and "open transaction" in stuck(case).get(name, ""))
    assert case.consumed() == 1
    transaction.commit_transaction()
    wait_for("all is counted", lambda: npsd.alive() and case.consumed() == 3)
    wait_for("it is not named any more", lambda: npsd.alive() and name not in stuck(case))


def test_a_process_whose_instance_id_another_one_takes_ends_with_1(case):
    producer = case.topic_of(1)
    case.options = {"kafka.properties": {**QUICK, "group.instance.id": "one"}}
    first = case.npsd()
    send(case, producer)
    wait_for("the first counts", lambda: first.alive() and case.consumed() == 1)
    second = case.npsd()
    first.expect_exit(1)
    assert "group.instance.id" in first.output()
    send(case, producer)
    wait_for("the second counts", lambda: second.alive() and case.consumed() == 2)


def test_offsets_of_the_group_that_somebody_resets_change_nothing(case):
    from confluent_kafka import Consumer, TopicPartition
    producer = case.topic_of(1)
    send(case, producer, 5)
    case.drain()
    consumer = Consumer({"bootstrap.servers": case.broker.bootstrap, "group.id": case.topic})
    consumer.commit(offsets=[TopicPartition(case.topic, 0, 2)], asynchronous=False)
    consumer.close()
    send(case, producer)
    npsd = case.npsd("--drain")
    npsd.expect_exit(0)
    assert f"({case.topic}/0: 2, stored 5)" in npsd.output() and "--rebuild" in npsd.output()
    assert case.totals()["consumed"] == 6
    case.check()
