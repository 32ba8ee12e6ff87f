#include "config/internal.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE INT64_C(60)
#define HOUR INT64_C(3600)
#define DAY INT64_C(86400)
#define WIDEST (3660 * DAY)

/* The items of a list; a single text is a list of one. */
static const struct npsd_value *items_of(int *n, const struct npsd_value *v)
{
	*n = v->text ? 1 : v->nitems;
	return v->text ? v : v->item;
}

bool npsd_config_is_topic(const char *text)
{
	size_t n = strlen(text);

	return n >= 1 && n <= 249 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n &&
	       strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

bool npsd_config_read_topics(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const char *field = "kafka.topics";
	const struct npsd_value *v = &npsd_settings_find(s, field)->value, *item;
	int n;

	item = items_of(&n, v);
	if (n < 1 || n > NPSD_MAX_TOPICS)
		return npsd_config_fail(
		    err, v->at, field, "%d topics; accepted: a list of 1 to %d", n, NPSD_MAX_TOPICS);
	for (int i = 0; i < n; i++) {
		if (!item[i].text || !npsd_config_is_topic(item[i].text))
			return npsd_config_fail(err, item[i].at, field,
			    "`%s` is no topic; accepted: 1 to 249 of a-z A-Z 0-9 . _ -",
			    item[i].text ? npsd_value_show(item[i].text).text : "[...]");
		for (int j = 0; j < i; j++)
			if (strcmp(cfg->topics[j], item[i].text) == 0)
				return npsd_config_fail(err, item[i].at, field, "`%s` stands there twice",
				    npsd_value_show(item[i].text).text);
		cfg->topics[i] = strdup(item[i].text);
		npsd_assert(cfg->topics[i]);
		cfg->ntopics = i + 1;
	}
	return true;
}

static int topic_at(const struct npsd_config *cfg, struct npsd_str name)
{
	for (int i = 0; i < cfg->ntopics; i++)
		if (npsd_str_eq(name, npsd_str(cfg->topics[i])))
			return i;
	return -1;
}

/*
 *   topic_defaults.eu.surveys.survey_kind      a topic's name may hold dots, the option's does not
 */
bool npsd_config_read_topic_defaults(
    struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const struct npsd_option *o = npsd_option_find("defaults.survey_kind");
	static const char head[] = "topic_defaults.";

	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		const char *name = one->name + sizeof head - 1, *dot;
		int topic, kind;

		if (strncmp(one->name, head, sizeof head - 1) != 0)
			continue;
		dot = strrchr(name, '.');
		if (!dot || strcmp(dot, ".survey_kind") != 0)
			return npsd_config_fail(err, one->at, one->name,
			    "unknown option; accepted: topic_defaults.TOPIC.survey_kind");
		topic = topic_at(cfg, (struct npsd_str){name, (uint32_t)(dot - name)});
		if (topic < 0)
			return npsd_config_fail(err, one->at, one->name,
			    "`%.*s` is not read; accepted: those of kafka.topics", (int)(dot - name), name);
		if (!npsd_value_read(&kind, err, o, one->name, &one->value))
			return false;
		cfg->topic_kind[topic] = kind == NPSD_KIND_NONE ? NPSD_TOPIC_KIND_NONE : (uint8_t)kind;
	}
	return true;
}

/* npsd's promises rest on these; where one is an option, it is said which. */
static const char *reserved_property(const char *name)
{
	static const char *const rows[][2] = {
	    {"bootstrap.servers", "the option kafka.brokers"},
	    {"metadata.broker.list", "the option kafka.brokers"},
	    {"group.id", "the option kafka.group"},
	    {"auto.offset.reset", "the option start"},
	    {"enable.auto.commit", "nothing, npsd sets it"},
	    {"enable.auto.offset.store", "nothing, npsd sets it"},
	    {"enable.partition.eof", "nothing, npsd sets it"},
	    {"isolation.level", "nothing, npsd sets it"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i][0], name) == 0)
			return rows[i][1];
	return NULL;
}

/* The place of a property in cfg, a new one if it is not there; -1: no more. */
static int property_at(struct npsd_config *cfg, const char *name)
{
	for (int i = 0; i < cfg->nproperties; i++)
		if (strcmp(cfg->properties[i].name, name) == 0)
			return i;
	if (cfg->nproperties == NPSD_MAX_PROPERTIES)
		return -1;
	cfg->properties[cfg->nproperties].name = strdup(name);
	npsd_assert(cfg->properties[cfg->nproperties].name);
	return cfg->nproperties++;
}

bool npsd_config_read_properties(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	for (int i = 0; i < s->n; i++) {
		const struct npsd_setting *one = &s->list[i];
		const char *name = one->name + 17, *instead;
		char *value;
		int at;

		if (strncmp(one->name, "kafka.properties.", 17) != 0)
			continue;
		instead = reserved_property(name);
		if (instead)
			return npsd_config_fail(
			    err, one->at, one->name, "is not for the configuration; accepted: %s", instead);
		if (!one->value.text)
			return npsd_config_fail(err, one->value.at, one->name, "a list; accepted: text");
		at = property_at(cfg, name);
		if (at < 0)
			return npsd_config_fail(
			    err, one->at, one->name, "more than %d properties", NPSD_MAX_PROPERTIES);
		value = npsd_value_secret(err, one->name, &one->value);
		if (!value)
			return false;
		free((char *)cfg->properties[at].value);
		cfg->properties[at].value = value;
		if (strcmp(name, "partition.assignment.strategy") == 0 && strstr(value, "cooperative"))
			return npsd_config_fail(err, one->value.at, one->name,
			    "cooperative rebalancing is not supported; accepted: range, roundrobin");
	}
	return true;
}

static int64_t step_of(int64_t width_s)
{
	if (width_s <= 3 * HOUR)
		return MINUTE;
	if (width_s <= 24 * HOUR)
		return 5 * MINUTE;
	return width_s <= 31 * DAY ? HOUR : DAY;
}

static bool read_window(
    struct npsd_window *to, struct npsd_err *err, const char *field, const struct npsd_value *v)
{
	const char *text = v->text ? v->text : "[...]";
	double ms;

	if (!npsd_value_duration(&ms, text) || text[0] == '0' || strlen(text) >= sizeof to->name)
		return npsd_config_fail(err, v->at, field,
		    "`%s` is no width; accepted: a duration such as 1h 24h 7d", npsd_value_show(text).text);
	if (ms < (double)MINUTE * 1e3 || ms > (double)WIDEST * 1e3)
		return npsd_config_fail(
		    err, v->at, field, "`%s` is out of range; accepted: 1m to 3660d", text);
	to->width_s = (int64_t)(ms / 1000);
	to->step_s = step_of(to->width_s);
	if ((int64_t)ms % (to->step_s * 1000) != 0)
		return npsd_config_fail(err, v->at, field,
		    "`%s` is no multiple of its step; accepted: multiples of %ds", text, (int)to->step_s);
	snprintf(to->name, sizeof to->name, "%s", text);
	return true;
}

bool npsd_config_window(struct npsd_window *to, const char *name)
{
	struct npsd_err err = {0};
	char *text = strdup(name);
	bool ok;

	npsd_assert(text);
	ok = read_window(to, &err, "windows", &(struct npsd_value){.at = {"stored", 0, 0}, .text = text});
	free(text);
	return ok;
}

static int by_width(const void *a, const void *b)
{
	const struct npsd_window *x = a, *y = b;

	return (x->width_s > y->width_s) - (x->width_s < y->width_s);
}

bool npsd_config_read_windows(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	const char *field = "windows";
	const struct npsd_value *v = &npsd_settings_find(s, field)->value, *item;
	int n;

	item = items_of(&n, v);
	if (n < 1 || n > NPSD_MAX_WINDOWS)
		return npsd_config_fail(
		    err, v->at, field, "%d windows; accepted: a list of 1 to %d", n, NPSD_MAX_WINDOWS);
	for (int i = 0; i < n; i++) {
		if (!read_window(&cfg->windows[i], err, field, &item[i]))
			return false;
		for (int j = 0; j < i; j++)
			if (cfg->windows[j].width_s == cfg->windows[i].width_s)
				return npsd_config_fail(err, item[i].at, field,
				    "`%s` is as wide as `%s`; accepted: each width once",
				    cfg->windows[i].name, cfg->windows[j].name);
	}
	cfg->nwindows = n;
	qsort(cfg->windows, (size_t)n, sizeof cfg->windows[0], by_width);
	cfg->pane_s = cfg->windows[0].step_s;
	return true;
}
