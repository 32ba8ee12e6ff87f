#include "npsd/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/internal.h"

/* Every option gets a setting, so that who reads one always finds it. */
static bool read_defaults(struct npsd_settings *s, struct npsd_err *err)
{
	struct npsd_buf b;
	bool ok = true;

	npsd_buf_init(&b, 4096);
	for (int i = 0; ok && i < npsd_noptions + npsd_nlist_options; i++) {
		bool scalar = i < npsd_noptions;
		int j = i - npsd_noptions;

		npsd_buf_clear(&b);
		npsd_buf_addz(&b, scalar ? npsd_options[i].name : npsd_list_options[j].name);
		npsd_buf_addz(&b, "=");
		npsd_buf_addz(&b, scalar ? npsd_options[i].def : npsd_list_options[j].def);
		npsd_buf_add(&b, "", 1);
		ok = npsd_settings_read_text(s, err, "default", b.p);
	}
	npsd_buf_free(&b);
	return ok;
}

static bool read_sources(
    struct npsd_settings *s, struct npsd_err *err, const char *file, const char *const *sets, int nsets)
{
	if (!read_defaults(s, err))
		return false;
	if (file && !npsd_settings_read_file(s, err, file))
		return false;
	for (int i = 0; i < nsets; i++)
		if (!npsd_settings_read_text(s, err, "--set", sets[i]))
			return false;
	return npsd_config_check_names(s, err);
}

static bool read_options(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	for (int i = 0; i < npsd_noptions; i++) {
		const struct npsd_option *o = &npsd_options[i];

		if (!npsd_value_read(
			(char *)cfg + o->offset, err, o, o->name, &npsd_settings_find(s, o->name)->value))
			return false;
	}
	return true;
}

static bool fail_at(struct npsd_err *err, const struct npsd_settings *s, const char *name, const char *what)
{
	return npsd_config_fail(err, npsd_settings_find(s, name)->value.at, name, "%s", what);
}

/* A topic that is read and written would never end. */
static bool check_rejects(const struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	if (*cfg->rejects_topic && !npsd_config_is_topic(cfg->rejects_topic))
		return fail_at(err, s, "rejects.topic",
		    "is no topic; accepted: 1 to 249 of a-z A-Z 0-9 . _ -, or nothing");
	for (int i = 0; i < cfg->ntopics; i++)
		if (strcmp(cfg->topics[i], cfg->rejects_topic) == 0)
			return fail_at(
			    err, s, "rejects.topic", "is read; accepted: one that is none of kafka.topics");
	return true;
}

/* What each value alone does not show. */
static bool check_whole(const struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	if (cfg->alerts_respondent == NPSD_RESPONDENT_KEYED && !*cfg->alerts_respondent_key)
		return fail_at(err, s, "alerts.respondent",
		    "`keyed` needs alerts.respondent_key; accepted without: plain, off");
	if (strpbrk(cfg->prefix, "{}"))
		return fail_at(err, s, "prefix", "accepted: text without braces, which choose a key's slot");
	if (strncmp(cfg->redis_url, "redis://", 8) != 0 && strncmp(cfg->redis_url, "unix://", 7) != 0)
		return fail_at(
		    err, s, "redis.url", "accepted: redis://[user:password@]host:port/db or unix:///path");
	if (cfg->publish_sweep_ms < cfg->publish_interval_ms)
		return fail_at(err, s, "publish.sweep", "is shorter than publish.interval");
	return check_rejects(cfg, err, s);
}

bool npsd_config_load(
    struct npsd_config **out, struct npsd_err *err, const char *file, const char *const *sets, int nsets)
{
	struct npsd_config *cfg = calloc(1, sizeof *cfg);
	struct npsd_settings s = {0};
	bool ok;

	npsd_assert(cfg);
	*out = NULL;
	ok = read_sources(&s, err, file, sets, nsets) && read_options(cfg, err, &s) &&
	     npsd_config_read_topics(cfg, err, &s) && npsd_config_read_topic_defaults(cfg, err, &s) &&
	     npsd_config_read_properties(cfg, err, &s) && npsd_config_read_windows(cfg, err, &s) &&
	     npsd_config_read_segments(cfg, err, &s) && npsd_config_read_caps(cfg, err, &s) &&
	     npsd_config_read_series(cfg, err, &s) && check_whole(cfg, err, &s);
	npsd_settings_free(&s);
	if (ok) {
		npsd_config_make_text(cfg);
		*out = cfg;
	} else {
		npsd_config_free(&cfg);
	}
	return ok;
}

void npsd_config_free(struct npsd_config **cfg)
{
	struct npsd_config *c = *cfg;

	*cfg = NULL;
	if (!c)
		return;
	for (int i = 0; i < npsd_noptions; i++)
		if (npsd_options[i].type == NPSD_OPTION_STR)
			free(*(char **)((char *)c + npsd_options[i].offset));
	for (int i = 0; i < c->ntopics; i++)
		free((char *)c->topics[i]);
	for (int i = 0; i < c->nproperties; i++) {
		free((char *)c->properties[i].name);
		free((char *)c->properties[i].value);
	}
	for (int i = 0; i < c->sets.nattr; i++)
		free((char *)c->sets.attr_word[i]);
	for (int i = 0; i < c->nolder; i++)
		npsd_config_free(&c->older[i]);
	free(c->older);
	free(c->text);
	free(c);
}
