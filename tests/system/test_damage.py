"""Redis lost some private keys, or a commit was stored in part: after --rebuild the counts and the alerts are right."""
import pytest

from stream import SETS, Stream, seed_of, send_all

KINDS = ["fence", "config", "dict", "dictids", "dictcount", "rulings", "totals", "meta", "log", "manifest", "chunks", "chunk", "rounds",
         "history"]


def drop(case, *kinds):
    """Deletes the private keys of these kinds."""
    keys = [key for key in case.redis.scan_iter("{nps:alerts}:*") if key.decode().split(":")[2] in kinds]
    if keys:
        case.redis.delete(*keys)
    return len(keys)


def rebuild(case):
    case.npsd("--drain", "--rebuild").expect_exit(0)
    return case.check()


def test_a_rebuild_repairs_any_loss_of_private_keys(case):
    send_all(case.topic_of(2, sets=SETS), Stream(seed_of(61), partitions=2).take(300))
    case.options = {"snapshot.interval": "100ms"}
    case.drain()
    case.check()
    alerts, dropped = case.alerts(), set()
    assert alerts
    for kinds in [[kind] for kind in KINDS] + [["dict", "config"], ["fence", "chunks"], ["fence", "totals", "config"], KINDS]:
        if drop(case, *kinds):
            dropped |= set(kinds)
        rebuild(case)
        assert case.alerts() == alerts, kinds
    assert dropped >= set(KINDS) - {"rulings", "meta", "lost"}


def test_without_a_fence_npsd_asks_for_a_rebuild(case):
    send_all(case.topic_of(1, sets=SETS), Stream(seed_of(62), partitions=1).take(50))
    case.drain()
    drop(case, "fence")
    npsd = case.npsd("--drain")
    npsd.expect_exit(1)
    assert "--rebuild" in npsd.output()
    rebuild(case)


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_rebuild_emits_what_a_broken_commit_did_not(case, all_of_them):
    """Positions moved, and the alerts of the last commits did not reach the stream."""
    send_all(case.topic_of(1, sets=SETS), Stream(seed_of(63), partitions=1).take(150))
    case.drain()
    case.check()
    ids = [stream_id for stream_id, _ in case.redis.xrange("nps:alerts")]
    assert len(ids) > 6
    if all_of_them:
        case.redis.delete("nps:alerts")
        case.redis.hdel("{nps:alerts}:fence", "alert_id", "alert_bytes")
    else:
        case.redis.xdel("nps:alerts", *ids[-5:])
    rebuild(case)
    assert len(case.alerts()) == len(ids)
