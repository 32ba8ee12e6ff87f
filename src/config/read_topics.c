/* kafka.topics, topic_defaults, kafka.properties */
#include "config/readers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool npsd_config_is_topic(const char *text)
{
	size_t n = strlen(text);

	return n >= 1 && n <= 249 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n &&
	       strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Instances that list the same topics in another order must agree on the first one: it divides the shards. */
bool npsd_config_read_topics(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const char *field = "kafka.topics";
	const struct npsd_value *v = &npsd_settings_find(s, field)->value, *item;
	int n;

	item = npsd_value_items(&n, v);
	if (n < 1 || n > NPSD_MAX_TOPICS)
		return npsd_place_fail(
		    err, v->at, field, "%d topics; accepted: a list of 1 to %d", n, NPSD_MAX_TOPICS);
	for (int i = 0; i < n; i++) {
		if (!item[i].text || !npsd_config_is_topic(item[i].text))
			return npsd_place_fail(err, item[i].at, field,
			    "`%s` is not a topic name; accepted: 1 to 249 of a-z A-Z 0-9 . _ -",
			    npsd_quote(item[i].text).text);
		for (int j = 0; j < i; j++)
			if (strcmp(cfg->topics[j], item[i].text) == 0)
				return npsd_place_fail(err, item[i].at, field, "`%s` is listed twice",
				    npsd_quote(item[i].text).text);
		cfg->topics[i] = strdup(item[i].text);
		npsd_assert(cfg->topics[i]);
		cfg->ntopics = i + 1;
	}
	qsort(cfg->topics, (size_t)cfg->ntopics, sizeof cfg->topics[0], by_name);
	return true;
}

static int topic_at(const struct npsd_config *cfg, struct npsd_str name)
{
	for (int i = 0; i < cfg->ntopics; i++)
		if (npsd_str_eq(name, npsd_str(cfg->topics[i])))
			return i;
	return -1;
}

/* `topic_defaults.eu.surveys.survey_kind`: the name of a topic may contain dots. */
bool npsd_config_read_topic_defaults(
    struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const struct npsd_option *o = npsd_option_find("defaults.survey_kind");

	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		const char *name = npsd_setting_key(one, "topic_defaults."), *dot;
		int topic, kind;

		if (!name)
			continue;
		dot = strrchr(name, '.');
		if (!dot || strcmp(dot, ".survey_kind") != 0)
			return npsd_place_fail(err, one->at, one->name,
			    "unknown option; accepted: topic_defaults.TOPIC.survey_kind");
		topic = topic_at(cfg, (struct npsd_str){name, (uint32_t)(dot - name)});
		if (topic < 0)
			return npsd_place_fail(err, one->at, one->name,
			    "topic `%.*s` is not consumed; accepted: the topics of kafka.topics",
			    (int)(dot - name), name);
		if (!npsd_value_read(&kind, err, o, one->name, &one->value))
			return false;
		cfg->topic_kind[topic] = kind == NPSD_KIND_NONE ? NPSD_TOPIC_KIND_NONE : (uint8_t)kind;
	}
	return true;
}

/* The guarantees of npsd depend on these. */
const struct npsd_reserved_property npsd_reserved_properties[] = {
    {"bootstrap.servers", "the option kafka.brokers"},
    {"metadata.broker.list", "the option kafka.brokers"},
    {"group.id", "the option kafka.group"},
    {"auto.offset.reset", "the option start"},
    {"enable.auto.commit", NULL},
    {"enable.auto.offset.store", NULL},
    {"enable.partition.eof", NULL},
    {"isolation.level", NULL},
    {NULL, NULL},
};

static bool check_reserved(struct npsd_err *err, const struct npsd_setting *one, const char *name)
{
	for (const struct npsd_reserved_property *p = npsd_reserved_properties; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return npsd_place_fail(err, one->at, one->name, "is set by npsd; accepted: %s",
			    p->instead ? p->instead : "no value");
	return true;
}

static char *place_text(struct npsd_place at, const char *field)
{
	char where[24] = "", *out;
	size_t size;

	if (at.line)
		snprintf(where, sizeof where, ":%d:%d", at.line, at.col);
	size = strlen(at.source) + sizeof where + strlen(field) + 4;
	out = malloc(size);
	npsd_assert(out);
	snprintf(out, size, "%s%s: %s", at.source, where, field);
	return out;
}

/* Owns: cfg takes value */
static void add_property(
    struct npsd_config *cfg, const struct npsd_setting *one, const char *name, char *value)
{
	struct npsd_property *p = &cfg->properties[cfg->nproperties++];

	p->name = strdup(name);
	npsd_assert(p->name);
	p->value = value;
	p->place = place_text(one->at, one->name);
	p->value_place = place_text(one->value.at, one->name);
	p->secret = strcmp(value, one->value.text) != 0;
}

bool npsd_config_read_properties(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		const char *name = npsd_setting_key(one, NPSD_PROPERTY_PREFIX);
		char *value;

		if (!name || npsd_settings_find(s, one->name) != one)
			continue;
		if (!check_reserved(err, one, name))
			return false;
		if (!one->value.text)
			return npsd_place_fail(err, one->value.at, one->name, "is a list; accepted: text");
		if (cfg->nproperties == NPSD_MAX_PROPERTIES)
			return npsd_place_fail(
			    err, one->at, one->name, "more than %d properties", NPSD_MAX_PROPERTIES);
		value = npsd_value_secret(err, one->name, &one->value);
		if (!value)
			return false;
		add_property(cfg, one, name, value);
		if (strcmp(name, "partition.assignment.strategy") == 0 && strstr(value, "cooperative"))
			return npsd_place_fail(err, one->value.at, one->name,
			    "cooperative rebalancing is not supported; accepted: range, roundrobin");
	}
	return true;
}
