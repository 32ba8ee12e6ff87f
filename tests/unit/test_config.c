#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "npsd/config.h"

#define FILE_NAME "npsd.yaml"
#define STEPS "1m (windows up to 3h), 5m (windows up to 1d), 1h (windows up to 31d), 1d (windows up to 3660d)"

/* Each test runs in its own process, with its files in its own folder. */
static void enter_folder(void)
{
	char folder[] = "/tmp/npsd-config-XXXXXX";

	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
	char folder[256];

	unlink(FILE_NAME);
	unlink("secret");
	cr_assert_not_null(getcwd(folder, sizeof folder));
	cr_assert_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(folder), 0);
}

TestSuite(config, .init = enter_folder, .fini = leave_folder);

static void write_file(const char *name, const char *text, size_t n)
{
	FILE *f = fopen(name, "wb");

	cr_assert_not_null(f);
	cr_assert_eq(fwrite(text, 1, n, f), n);
	cr_assert_eq(fclose(f), 0);
}

/* Loads the text as a file (NULL: none) with at most one --set. Returns NULL if it is refused. */
static struct npsd_config *load(struct npsd_err *err, const char *yaml, const char *set)
{
	struct npsd_config *cfg;

	*err = (struct npsd_err){0};
	if (yaml)
		write_file(FILE_NAME, yaml, strlen(yaml));
	npsd_config_load(&cfg, err, yaml ? FILE_NAME : NULL, &set, set != NULL);
	return cfg;
}

static struct npsd_config *must_load(const char *yaml, const char *set)
{
	struct npsd_err err;
	struct npsd_config *cfg = load(&err, yaml, set);

	cr_assert_not_null(cfg, "%s", err.text);
	cr_assert_eq(err.code, NPSD_OK);
	return cfg;
}

struct refusal {
	const char *yaml, *set, *text;
};

static void expect_refusals(const struct refusal *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct npsd_err err;
		struct npsd_config *cfg = load(&err, rows[i].yaml, rows[i].set);

		cr_expect_null(cfg, "accepted: %s %s", rows[i].yaml, rows[i].set);
		cr_expect_eq(err.code, NPSD_INVALID);
		cr_expect_str_eq(err.text, rows[i].text);
		npsd_config_free(&cfg);
	}
}

Test(config, defaults_apply_without_a_file)
{
	struct npsd_config *cfg = must_load(NULL, NULL);

	cr_expect_str_eq(cfg->kafka_brokers, "127.0.0.1:9092");
	cr_expect_str_eq(cfg->alerts_respondent_key, "");
	cr_expect_eq(cfg->ntopics, 1);
	cr_expect_str_eq(cfg->topics[0], "survey-events");
	cr_expect_eq(cfg->nproperties, 0);
	cr_expect_eq(cfg->clock, NPSD_CLOCK_WALL);
	cr_expect_eq(cfg->shards, 16);
	cr_expect_eq(cfg->lateness_ms, INT64_C(7) * 86400000);
	cr_expect_eq(cfg->event_bytes, 262144);
	cr_expect_eq(cfg->batch_bytes, 4194304);
	cr_expect_eq(cfg->publish_budget, 0.5);
	cr_expect(cfg->kinds_split);
	cr_expect_not(cfg->allow_compacted);
	cr_expect_eq(cfg->default_kind, NPSD_KIND_NONE);
	cr_expect_eq(cfg->alerts_respondent, NPSD_RESPONDENT_PLAIN);
	cr_expect_eq(cfg->caps[NPSD_DIM_location], 1000000);
	cr_expect_eq(cfg->caps[NPSD_DIM_theme], 10000);
	cr_expect_eq(cfg->caps[NPSD_DIM_ATTR0], 10000);
	npsd_config_free(&cfg);
	cr_expect_null(cfg);
	npsd_config_free(&cfg);
}

Test(config, default_windows_and_sets)
{
	static const struct npsd_window windows[] = {{"1h", 3600, 60, 0}, {"24h", 86400, 300, 0},
	    {"7d", 604800, 3600, 0}, {"30d", 2592000, 3600, 0}, {"90d", 7776000, 86400, 0},
	    {"365d", 31536000, 86400, 0}};
	static const char *const sets[] = {"all", "location", "channel", "location,channel"};
	struct npsd_config *cfg = must_load(NULL, NULL);

	cr_assert_eq(cfg->nwindows, 6);
	for (int i = 0; i < 6; i++) {
		cr_expect_str_eq(cfg->windows[i].name, windows[i].name);
		cr_expect_eq(cfg->windows[i].width_s, windows[i].width_s);
		cr_expect_eq(cfg->windows[i].step_s, windows[i].step_s);
	}
	cr_expect_eq(cfg->pane_s, 60);
	cr_assert_eq(cfg->sets.n, 4);
	for (int i = 0; i < 4; i++) {
		cr_expect_str_eq(cfg->sets.set[i].name, sets[i]);
		cr_expect_eq(cfg->sets.set[i].number, i);
	}
	cr_expect_eq(cfg->sets.set[3].ndims, 2);
	cr_expect_eq(cfg->sets.set[3].dims[1], NPSD_DIM_channel);
	npsd_config_free(&cfg);
}

/* Each row sets one option; the line in the canonical text shows that it was understood. */
Test(config, values_are_read_from_file_and_set)
{
	static const struct {
		const char *yaml, *set, *line;
	} rows[] = {
	    {"shards: 4\n", NULL, "\nshards=4\n"},
	    {"shards: 4\n", "shards=8", "\nshards=8\n"},
	    {"clock: event\nshards: '32'\n", NULL, "\nclock=event\n"},
	    {"alerts: {max_age: 90m}\n", NULL, "\nalerts.max_age=5400000\n"},
	    {"alerts:\n  max_age: 1500ms\n", NULL, "\nalerts.max_age=1500\n"},
	    {"alerts.max_age: 2d\n", NULL, "\nalerts.max_age=172800000\n"},
	    {"limits.event_bytes: 1MB\n", NULL, "\nlimits.event_bytes=1048576\n"},
	    {"limits.event_bytes: 2000\n", NULL, "\nlimits.event_bytes=2000\n"},
	    {"kinds.split: off\n", NULL, "\nkinds.split=false\n"},
	    {NULL, "location.required=no", "\nlocation.required=false\n"},
	    {"defaults: {survey_kind: relational}\n", NULL, "\ndefaults.survey_kind=relational\n"},
	    {NULL, "alerts.comment=off", "alerts.comment=off\n"},
	    {"caps: {location: 5, team: 7}\n", NULL, "\ncaps.team=7\n"},
	    {"segments: [[attributes.plan]]\ncaps: {attributes.plan: 9}\n", NULL,
		"\ncaps.attributes.plan=9\n"},
	    {"segments: [[attributes.plan]]\ncaps: {attributes: {plan: 9}}\n", NULL,
		"\ncaps.attributes.plan=9\n"},
	    {NULL, "caps.channel=3", "\ncaps.channel=3\n"},
	    {"kafka.topics: [a, b.c]\ntopic_defaults: {b.c: {survey_kind: other}}\n", NULL,
		"\ntopic_defaults.b.c.survey_kind=other\n"},
	    {"kafka.topics: [a, b]\ndefaults.survey_kind: other\n", "topic_defaults.a.survey_kind=none",
		"\ntopic_defaults.a.survey_kind=none\nwindows"},
	    {"defaults.survey_kind: other\ntopic_defaults.survey-events.survey_kind: other\n", NULL,
		"\nshards=16\nwindows"},
	    {NULL, "segments=[[], [location]]", "\nsegments=0 all;1 location\n"},
	    {"segments:\n  - []\n  - [theme, attributes.b]\n  - [attributes.a, attributes.b]\n", NULL,
		"\nsegments=0 all;1 theme,attributes.b;2 attributes.a,attributes.b\n"},
	    {"segments: [[attributes.b], [attributes.a]]\n", NULL, "\nattributes=b,a\n"},
	    {"windows: [30d, 1h]\n", NULL, "\nwindows=1h,30d\n"},
	    {NULL, "windows=24h", "\nwindows=24h\n"},
	    {"", NULL, "\nshards=16\n"},
	    {"---\n", NULL, "\nshards=16\n"},
	    {"# nothing\n", NULL, "\nshards=16\n"},
	    {"kafka:\nshards: 4\n", NULL, "\nshards=4\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_config *cfg = must_load(rows[i].yaml, rows[i].set);

		cr_expect_not_null(strstr(cfg->text, rows[i].line), "no %s in %s", rows[i].line, cfg->text);
		npsd_config_free(&cfg);
	}
}

Test(config, topics_and_properties)
{
	static const char *const sets[] = {"kafka.topics=[a, b.c-d]",
	    "kafka.properties.security.protocol=SSL", "kafka.properties={linger.ms: 5}",
	    "kafka.properties.linger.ms=6"};
	static const char yaml[] =
	    "kafka:\n  properties: {security: {protocol: PLAINTEXT}, ssl.key.pem: \"a\\nb\"}\n";
	struct npsd_err err = {0};
	struct npsd_config *cfg;

	write_file(FILE_NAME, yaml, strlen(yaml));
	cr_assert(npsd_config_load(&cfg, &err, FILE_NAME, sets, 4), "%s", err.text);
	cr_expect_eq(cfg->ntopics, 2);
	cr_expect_str_eq(cfg->topics[1], "b.c-d");
	cr_expect_eq(cfg->nproperties, 3);
	cr_expect_str_eq(cfg->properties[0].value, "a\nb");
	cr_expect_str_eq(cfg->properties[1].name, "security.protocol");
	cr_expect_str_eq(cfg->properties[1].value, "SSL");
	cr_expect_str_eq(cfg->properties[2].name, "linger.ms");
	cr_expect_str_eq(cfg->properties[2].value, "6");
	npsd_config_free(&cfg);
}

Test(config, secrets_are_read_from_environment_and_files)
{
	struct npsd_config *cfg;

	write_file("secret", "s3cr3t\r\n", 8);
	cr_assert_eq(setenv("NPSD_TEST_URL", "redis://:pw@h:1/0", 1), 0);
	cfg = must_load("redis.url: env:NPSD_TEST_URL\nkafka.properties.sasl.password: file:secret\n"
			"alerts: {respondent: keyed, respondent_key: file:secret}\n",
	    NULL);
	cr_expect_str_eq(cfg->redis_url, "redis://:pw@h:1/0");
	cr_expect_str_eq(cfg->properties[0].value, "s3cr3t");
	cr_expect_str_eq(cfg->alerts_respondent_key, "s3cr3t");
	cr_expect_null(strstr(cfg->text, "s3cr3t"));
	cr_expect_not_null(
	    strstr(cfg->text, "\nalerts.respondent_key=sha256:4e738ca5563c06cf\n"), "%s", cfg->text);
	npsd_config_free(&cfg);
}

Test(config, values_are_refused)
{
	static const struct refusal rows[] = {
	    {"shards: 0\n", NULL,
		"npsd.yaml:1:9: shards: `0` is out of range; accepted: an integer from 1 to 256"},
	    {"shards: 257\n", NULL,
		"npsd.yaml:1:9: shards: `257` is out of range; accepted: an integer from 1 to 256"},
	    {"shards: -1\n", NULL,
		"npsd.yaml:1:9: shards: `-1` is not a number; accepted: an integer from 1 to 256"},
	    {"shards: 1.5\n", NULL,
		"npsd.yaml:1:9: shards: `1.5` is not a number; accepted: an integer from 1 to 256"},
	    {"shards: 99999999999999999999\n", NULL,
		"npsd.yaml:1:9: shards: `99999999999999999999` is not a number; accepted: an integer from 1 "
		"to "
		"256"},
	    {"\nshards:\n  [4]\n", NULL,
		"npsd.yaml:3:3: shards: is a list; accepted: an integer from 1 to 256"},
	    {"shards:\n", NULL,
		"npsd.yaml:1:8: shards: `` is not a number; accepted: an integer from 1 to 256"},
	    {"shards: {}\n", NULL, "npsd.yaml:1:1: shards: is a map; accepted: a value"},
	    {NULL, "shards=many",
		"--set: shards: `many` is not a number; accepted: an integer from 1 to 256"},
	    {"# hi\nredis:\n  timeout: 5\n", NULL,
		"npsd.yaml:3:12: redis.timeout: `5` is not a duration; accepted: a duration (ms s m h d) "
		"from "
		"50ms to 10m"},
	    {"redis: {timeout: 11m}\n", NULL,
		"npsd.yaml:1:18: redis.timeout: `11m` is out of range; accepted: a duration (ms s m h d) "
		"from 50ms to 10m"},
	    {"batch.bytes: 4mb\n", NULL,
		"npsd.yaml:1:14: batch.bytes: `4mb` is not a size; accepted: a size (KB MB GB TB) from 64KB "
		"to "
		"64MB"},
	    {"publish.budget: .5\n", NULL,
		"npsd.yaml:1:17: publish.budget: `.5` is not a number; accepted: a number from 0.01 to 1"},
	    {"publish.budget: 1.01\n", NULL,
		"npsd.yaml:1:17: publish.budget: `1.01` is out of range; accepted: a number from 0.01 to 1"},
	    {"clock: Wall\n", NULL, "npsd.yaml:1:8: clock: `Wall` is unknown; accepted: wall, event"},
	    {"clock: wal\n", NULL, "npsd.yaml:1:8: clock: `wal` is unknown; accepted: wall, event"},
	    {"clock: \"a\\nb\"\n", NULL, "npsd.yaml:1:8: clock: `a?b` is unknown; accepted: wall, event"},
	    {"kinds.split: maybe\n", NULL,
		"npsd.yaml:1:14: kinds.split: `maybe` is not a boolean; accepted: true or false"},
	    {"prefix: ''\n", NULL, "npsd.yaml:1:9: prefix: is empty; accepted: text of 1 to 64 bytes"},
	    {"prefix: \"a\\nb\"\n", NULL,
		"npsd.yaml:1:9: prefix: contains a control character; accepted: text of 1 to 64 bytes"},
	    {"prefix: \"a\\0b\"\n", NULL, "npsd.yaml:1:9: prefix: contains a zero byte"},
	    {"prefix: a{b}\n", NULL,
		"npsd.yaml:1:9: prefix: contains a brace, which would change the hash slot of a key; "
		"accepted: text without { and }"},
	    {"publish: {sweep: 1s, interval: 2s}\n", NULL,
		"npsd.yaml:1:18: publish.sweep: is shorter than publish.interval; accepted: at least that"},
	    {"shards: 4\nalerts:\n  respondent: keyed\n", NULL,
		"npsd.yaml:3:15: alerts.respondent: `keyed` requires alerts.respondent_key; accepted without "
		"it: "
		"plain, off"},
	};

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

Test(config, where_redis_is_and_how_it_is_reached)
{
	static const struct refusal rows[] = {
	    {"redis.url: http://x\n", NULL,
		"npsd.yaml:1:12: redis.url: is not a Redis URL; accepted: "
		"redis[s]://[user:password@]host:port/db, redis[s]+sentinel://host:port,host:port/master/db "
		"or unix:///path"},
	    {"redis.url: redis://h\nredis.tls_ca: /ca.pem\n", NULL,
		"npsd.yaml:2:15: redis.tls_ca: has an effect with TLS only; accepted: with rediss:// in "
		"redis.url"},
	    {"redis: {url: rediss://h, tls_key: /k.pem}\n", NULL,
		"npsd.yaml:1:35: redis.tls_key: is the key of no certificate; accepted: with redis.tls_cert"},
	    {"redis: {sentinel_password: p}\n", NULL,
		"npsd.yaml:1:28: redis.sentinel_password: is for Sentinels; accepted: with redis+sentinel:// "
		"in redis.url"},
	    {"redis.url: env:NPSD_TEST_NOT_SET\n", NULL,
		"npsd.yaml:1:12: redis.url: the environment variable NPSD_TEST_NOT_SET is not set"},
	    {"redis.url: file:absent\n", NULL,
		"npsd.yaml:1:12: redis.url: file `absent`: No such file or directory"},
	};

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

Test(config, names_are_refused)
{
	static const struct refusal rows[] = {
	    {"shard: 4\n", NULL, "npsd.yaml:1:1: shard: unknown option; the nearest known option is shards"},
	    {"kafka:\n  broker: x\n", NULL,
		"npsd.yaml:2:3: kafka.broker: unknown option; the nearest known option is kafka.brokers"},
	    {"kafa: {group: x}\n", NULL,
		"npsd.yaml:1:8: kafa.group: unknown option; the nearest known option is kafka.group"},
	    {"brokers: x\n", NULL,
		"npsd.yaml:1:1: brokers: unknown option; the nearest known option is kafka.brokers"},
	    {"caps: {chanel: 4}\n", NULL,
		"npsd.yaml:1:8: caps.chanel: unknown dimension; accepted: owner, location, channel, stage, "
		"team, product, profile, language, survey_id, theme, attributes.NAME of a set of segments"},
	    {"zzzz: 4\n", NULL,
		"npsd.yaml:1:1: zzzz: unknown option; accepted: those that npsd --help lists"},
	    {"clock: {a: 1}\n", NULL,
		"npsd.yaml:1:9: clock.a: unknown option; the nearest known option is clock"},
	    {"zzzz: {}\n", NULL,
		"npsd.yaml:1:1: zzzz: unknown option; accepted: those that npsd --help lists"},
	    {NULL, "kafka.group.id=x",
		"--set: kafka.group.id: unknown option; the nearest known option is kafka.group"},
	    {NULL, "shards", "--set: `shards` is not an assignment; accepted: NAME=VALUE"},
	    {NULL, "a\nb=4", "--set: a?b: unknown option; accepted: those that npsd --help lists"},
	    {NULL, "=4", "--set: `=4` is not an assignment; accepted: NAME=VALUE"},
	    {"kafka: 4\n", NULL, "npsd.yaml:1:8: kafka: is a group of options; accepted: a map"},
	    {"kafka: [a]\n", NULL, "npsd.yaml:1:8: kafka: is a group of options; accepted: a map"},
	    {"shards: 4\nclock: event\nshards: 4\n", NULL,
		"npsd.yaml:3:1: shards: is set twice; first in line 1"},
	    {"kafka:\n  group: a\nkafka.group: b\n", NULL,
		"npsd.yaml:3:1: kafka.group: is set twice; first in line 2"},
	    {"? [a]\n: 4\n", NULL, "npsd.yaml:1:3: a key is a list or a map; accepted: text"},
	    {"\"a\\tb\": 4\n", NULL, "npsd.yaml:1:1: a key contains a control character"},
	};

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

Test(config, yaml_is_refused)
{
	static const struct refusal rows[] = {
	    {"- a\n", NULL, "npsd.yaml:1:1: not a map of options; accepted: NAME: VALUE"},
	    {"hello\n", NULL, "npsd.yaml:1:1: not a map of options; accepted: NAME: VALUE"},
	    {"shards: 4\n---\nshards: 8\n", NULL, "npsd.yaml:3:1: a second YAML document; accepted: one"},
	    {"shards: 4\n\tclock: wall\n", NULL,
		"npsd.yaml:2:1: invalid YAML: found a tab character that violates indentation, while "
		"scanning a "
		"plain scalar"},
	    {"shards: [4\n", NULL,
		"npsd.yaml:2:1: invalid YAML: did not find expected ',' or ']', while parsing a flow "
		"sequence"},
	    {"shards: *x\n", NULL, "npsd.yaml:1:9: invalid YAML: found undefined alias"},
	    {"a: b\nc: \xff\n", NULL, "npsd.yaml:2:4: invalid YAML: invalid leading UTF-8 octet"},
	    {"windows: &a [*a]\n", NULL,
		"npsd.yaml:1:10: windows: has too many values or is nested too deeply"},
	    {"kafka: &a {kafka: *a}\n", NULL,
		"npsd.yaml:1:12: "
		"kafka.kafka.kafka.kafka.kafka.kafka.kafka.kafka.kafka: is nested too deeply"},
	    {NULL, "windows=[1h",
		"--set: windows: invalid YAML: did not find expected ',' or ']', while parsing a flow "
		"sequence"},
	    {"segments: [[{a: b}]]\n", NULL,
		"npsd.yaml:1:13: segments: contains a map inside a list; accepted: text"},
	};
	struct npsd_err err = {0};
	struct npsd_config *cfg;

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
	cr_expect_not(npsd_config_load(&cfg, &err, "absent.yaml", NULL, 0));
	cr_expect_str_eq(err.text, "absent.yaml: No such file or directory");
	err = (struct npsd_err){0};
	cr_expect_not(npsd_config_load(&cfg, &err, ".", NULL, 0));
	cr_expect_str_eq(err.text, ".: Is a directory");
}

Test(config, sets_are_refused)
{
	static const struct refusal rows[] = {
	    {"segments: all\n", NULL,
		"npsd.yaml:1:11: segments: is not a list of sets; accepted: 1 to 32 sets such as [[], "
		"[location]]"},
	    {"segments: []\n", NULL,
		"npsd.yaml:1:11: segments: is not a list of sets; accepted: 1 to 32 sets such as [[], "
		"[location]]"},
	    {"segments:\n- []\n- location\n", NULL,
		"npsd.yaml:3:3: segments: `location` is not a set; accepted: a list such as [location, "
		"channel]"},
	    {"segments: [[kind, location]]\n", NULL,
		"npsd.yaml:1:13: segments: every set contains kind; see kinds.split"},
	    {"segments: [[owner]]\n", NULL,
		"npsd.yaml:1:13: segments: `owner` is not a dimension; accepted: location, channel, stage, "
		"team, product, profile, language, survey_id, theme, attributes.NAME"},
	    {"segments: [[[]]]\n", NULL,
		"npsd.yaml:1:13: segments: `[...]` is not a dimension; accepted: location, channel, stage, "
		"team, product, profile, language, survey_id, theme, attributes.NAME"},
	    {"segments: [[location, channel, stage, team, theme]]\n", NULL,
		"npsd.yaml:1:12: segments: 5 dimensions in a set; accepted: at most 4"},
	    {"segments: [[team, team]]\n", NULL, "npsd.yaml:1:19: segments: a set contains `team` twice"},
	    {"segments: [[team, stage], [stage, team]]\n", NULL,
		"npsd.yaml:1:27: segments: an earlier set has the same dimensions; accepted: each set once"},
	    {"segments: [[], []]\n", NULL,
		"npsd.yaml:1:16: segments: an earlier set has the same dimensions; accepted: each set once"},
	    {"segments: [[attributes.]]\n", NULL,
		"npsd.yaml:1:13: segments: `attributes.` is not an attribute; accepted: a name of 1 to 64 "
		"bytes "
		"without blanks and "
		"%,={}:;"},
	    {"segments: [['attributes.a=b']]\n", NULL,
		"npsd.yaml:1:13: segments: `attributes.a=b` is not an attribute; accepted: a name of 1 to 64 "
		"bytes "
		"without blanks and "
		"%,={}:;"},
	    {"segments: [[attributes.a, attributes.b, attributes.c, attributes.d],\n"
	     " [attributes.e, attributes.f, attributes.g]]\n",
		NULL, "npsd.yaml:2:31: segments: more than 6 different attributes"},
	    {"caps: {attributes.plan: 4}\n", NULL,
		"npsd.yaml:1:8: caps.attributes.plan: unknown dimension; accepted: owner, location, channel, "
		"stage, team, "
		"product, profile, language, survey_id, theme, attributes.NAME of a set of segments"},
	    {"caps.team: 0\n", NULL,
		"npsd.yaml:1:12: caps.team: `0` is out of range; accepted: an integer from 1 to 16000000"},
	};

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

Test(config, windows_are_refused)
{
	static const struct refusal rows[] = {
	    {"windows: []\n", NULL, "npsd.yaml:1:10: windows: 0 windows; accepted: a list of 1 to 16"},
	    {"windows: [1h, week]\n", NULL,
		"npsd.yaml:1:15: windows: `week` is not a window width; accepted: a duration such as 1h, 24h "
		"or 7d"},
	    {"windows: [01h]\n", NULL,
		"npsd.yaml:1:11: windows: `01h` is not a window width; accepted: a duration such as 1h, 24h "
		"or 7d"},
	    {"windows: [30s]\n", NULL,
		"npsd.yaml:1:11: windows: `30s` is out of range; accepted: 1m to 3660d"},
	    {"windows: [3661d]\n", NULL,
		"npsd.yaml:1:11: windows: `3661d` is out of range; accepted: 1m to 3660d"},
	    {"windows: [90s]\n", NULL,
		"npsd.yaml:1:11: windows: `90s` is not a multiple of the width of its panes; accepted: "
		"multiples of 1m"},
	    {"windows: [181m]\n", NULL,
		"npsd.yaml:1:11: windows: `181m` is not a multiple of the width of its panes; accepted: "
		"multiples of 5m"},
	    {"windows: [745h]\n", NULL,
		"npsd.yaml:1:11: windows: `745h` is not a multiple of the width of its panes; accepted: "
		"multiples of 1d"},
	    {"windows: [24h, 1d]\n", NULL,
		"npsd.yaml:1:16: windows: `1d` is as wide as `24h`; accepted: each width once"},
	};

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

Test(config, topics_and_properties_are_refused)
{
	static const struct refusal rows[] = {
	    {"kafka.topics: []\n", NULL,
		"npsd.yaml:1:15: kafka.topics: 0 topics; accepted: a list of 1 to 16"},
	    {"kafka.topics: [a b]\n", NULL,
		"npsd.yaml:1:16: kafka.topics: `a b` is not a topic name; accepted: 1 to 249 of a-z A-Z 0-9 "
		". _ -"},
	    {"kafka.topics: [a, a]\n", NULL, "npsd.yaml:1:19: kafka.topics: `a` is listed twice"},
	    {"rejects.topic: survey-events\n", NULL,
		"npsd.yaml:1:16: rejects.topic: is consumed; accepted: a topic that is not in kafka.topics"},
	    {"rejects.topic: a b\n", NULL,
		"npsd.yaml:1:16: rejects.topic: is not a topic name; accepted: 1 to 249 of a-z A-Z 0-9 . _ "
		"-, or "
		"nothing"},
	    {"topic_defaults: {survey-event: {survey_kind: other}}\n", NULL,
		"npsd.yaml:1:33: topic_defaults.survey-event.survey_kind: topic `survey-event` is not "
		"consumed; "
		"accepted: the topics of kafka.topics"},
	    {"topic_defaults: {survey-events: {survey_kind: all}}\n", NULL,
		"npsd.yaml:1:47: topic_defaults.survey-events.survey_kind: `all` is unknown; accepted: "
		"none, transactional, relational, other"},
	    {"topic_defaults: {survey-events: {kind: other}}\n", NULL,
		"npsd.yaml:1:34: topic_defaults.survey-events.kind: unknown option; accepted: "
		"topic_defaults.TOPIC.survey_kind"},
	    {"topic_defaults: other\n", NULL,
		"npsd.yaml:1:17: topic_defaults: is a group of options; accepted: a map"},
	    {"topic_defaults: {survey-events: {}}\n", NULL,
		"npsd.yaml:1:18: topic_defaults.survey-events: is a map; accepted: a value"},
	    {"kafka.properties.group.id: x\n", NULL,
		"npsd.yaml:1:1: kafka.properties.group.id: is set by npsd; accepted: the option kafka.group"},
	    {"kafka.properties.enable.partition.eof: false\n", NULL,
		"npsd.yaml:1:1: kafka.properties.enable.partition.eof: is set by npsd; accepted: no value"},
	    {"kafka.properties.partition.assignment.strategy: cooperative-sticky\n", NULL,
		"npsd.yaml:1:49: kafka.properties.partition.assignment.strategy: cooperative rebalancing is "
		"not supported; accepted: range, roundrobin"},
	    {"kafka.properties: {a: [b]}\n", NULL,
		"npsd.yaml:1:23: kafka.properties.a: is a list; accepted: text"},
	};

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
}

Test(config, values_next_to_refused_ones_are_accepted)
{
	static const char *const rows[] = {
	    "windows: [1500m]\n", /* 25 h, panes of 1 h */
	    "rejects.topic: survey-rejects\n",
	    "kafka.properties.client.id: cooperative-bank\n",
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_config *cfg = must_load(rows[i], NULL);

		npsd_config_free(&cfg);
	}
}

Test(config, series_have_configured_sets_and_steps)
{
	struct npsd_config *cfg = must_load(NULL, NULL);

	cr_expect_eq(cfg->series_sets, 0);
	npsd_config_free(&cfg);
	cfg = must_load("series:\n  segments: [[], [channel, location]]\n  steps: [1d, 60s]\n", NULL);
	cr_expect_eq(cfg->series_sets, 1u << 0 | 1u << 3);
	cr_assert_eq(cfg->nseries_steps, 2);
	cr_expect_eq(cfg->series_step_s[0], 86400);
	cr_expect_eq(cfg->series_step_s[1], 60);
	npsd_config_free(&cfg);
	/* no window has panes of the default step, but there are no series */
	cfg = must_load("windows: [1h]\n", NULL);
	npsd_config_free(&cfg);
}

Test(config, series_of_other_sets_and_steps_are_refused)
{
	static const struct refusal rows[] = {
	    {NULL, "series.segments=all",
		"--set: series.segments: is not a list of sets; accepted: sets such as [[], [location]]"},
	    {NULL, "series.segments=[[team]]",
		"--set: series.segments: is not counted; accepted: sets of the option segments"},
	    {NULL, "series.segments=[location]",
		"--set: series.segments: is not counted; accepted: sets of the option segments"},
	    {NULL, "series.segments=[[atlantis]]",
		"--set: series.segments: is not counted; accepted: sets of the option segments"},
	    {NULL, "series.steps=[]",
		"--set: series.steps: is empty; accepted: a list of pane widths such as 1h"},
	    {NULL, "series.steps=[2h]", "--set: series.steps: `2h` is not a pane width; accepted: " STEPS},
	    {NULL, "series.steps=[1h, 60m]", "--set: series.steps: `60m` is listed twice"},
	    {"windows: [1h]\n", "series.segments=[[]]",
		"default: series.steps: no configured window has panes of `1h`; accepted: " STEPS},
	};

	expect_refusals(rows, sizeof rows / sizeof rows[0]);
}
