#include "npsd/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/readers.h"
#include "redis/url.h"

/* Every option has a setting, its default: npsd_settings_find() finds each one. */
static bool read_sources(
    struct npsd_settings *s, struct npsd_err *err, const char *file, const char *const *sets, int nsets)
{
	char text[256];

	for (int i = 0; i < npsd_noptions; i++) {
		int n = snprintf(text, sizeof text, "%s=%s", npsd_options[i].name, npsd_options[i].def);

		npsd_assert((size_t)n < sizeof text);
		if (!npsd_settings_read_text(s, err, "default", text))
			return false;
	}
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

		if (npsd_option_is_scalar(o) && !npsd_value_read((char *)cfg + o->offset, err, o, o->name,
						    &npsd_settings_find(s, o->name)->value))
			return false;
	}
	return true;
}

static bool read_lists(struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
#define X(name, reader, shape, def, change, help)                                                            \
	if (!npsd_config_read_##reader(cfg, err, s))                                                         \
		return false;
#include "tbl/lists.def"
#undef X
	return true;
}

static bool fail_at(struct npsd_err *err, const struct npsd_settings *s, const char *name, const char *what)
{
	return npsd_place_fail(err, npsd_settings_find(s, name)->value.at, name, "%s", what);
}

/* npsd would consume the records that it produces, without end. */
static bool check_rejects(const struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	if (*cfg->rejects_topic && !npsd_config_is_topic(cfg->rejects_topic))
		return fail_at(err, s, "rejects.topic",
		    "is not a topic name; accepted: 1 to 249 of a-z A-Z 0-9 . _ -, or nothing");
	for (int i = 0; i < cfg->ntopics; i++)
		if (strcmp(cfg->topics[i], cfg->rejects_topic) == 0)
			return fail_at(err, s, "rejects.topic",
			    "is consumed; accepted: a topic that is not in kafka.topics");
	return true;
}

/* An option that has no effect is refused: who sets it relies on it. */
static bool check_redis(const struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	static const char only_tls[] = "has an effect with TLS only; accepted: with rediss:// in redis.url";
	struct npsd_err what = {.code = NPSD_OK};
	struct npsd_redis_url url;

	if (!npsd_redis_url_parse(&url, cfg->redis_url, &what))
		return fail_at(err, s, "redis.url", what.text);
	if (*cfg->redis_tls_ca && !url.tls)
		return fail_at(err, s, "redis.tls_ca", only_tls);
	if (*cfg->redis_tls_cert && !url.tls)
		return fail_at(err, s, "redis.tls_cert", only_tls);
	if (*cfg->redis_tls_name && !url.tls)
		return fail_at(err, s, "redis.tls_name", only_tls);
	if (*cfg->redis_tls_key && !*cfg->redis_tls_cert)
		return fail_at(
		    err, s, "redis.tls_key", "is the key of no certificate; accepted: with redis.tls_cert");
	if (*cfg->redis_sentinel_password && !url.master[0])
		return fail_at(err, s, "redis.sentinel_password",
		    "is for Sentinels; accepted: with redis+sentinel:// in redis.url");
	return true;
}

/* Checks that concern more than one option, or the form of a text. */
static bool check_whole(const struct npsd_config *cfg, struct npsd_err *err, const struct npsd_settings *s)
{
	if (cfg->alerts_respondent == NPSD_RESPONDENT_KEYED && !*cfg->alerts_respondent_key)
		return fail_at(err, s, "alerts.respondent",
		    "`keyed` requires alerts.respondent_key; accepted without it: plain, off");
	if (strpbrk(cfg->prefix, "{}"))
		return fail_at(err, s, "prefix",
		    "contains a brace, which would change the hash slot of a key; accepted: text without { "
		    "and }");
	if (cfg->publish_sweep_ms < cfg->publish_interval_ms)
		return fail_at(
		    err, s, "publish.sweep", "is shorter than publish.interval; accepted: at least that");
	return check_redis(cfg, err, s) && check_rejects(cfg, err, s);
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
	     read_lists(cfg, err, &s) && check_whole(cfg, err, &s);
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
		if (npsd_options[i].type == NPSD_OPTION_STR || npsd_options[i].type == NPSD_OPTION_SECRET)
			free(*(char **)((char *)c + npsd_options[i].offset));
	for (int i = 0; i < c->ntopics; i++)
		free((char *)c->topics[i]);
	for (int i = 0; i < c->nproperties; i++) {
		free((char *)c->properties[i].name);
		free((char *)c->properties[i].value);
		free((char *)c->properties[i].place);
		free((char *)c->properties[i].value_place);
	}
	for (int i = 0; i < c->sets.nattr; i++)
		free((char *)c->sets.attr_word[i]);
	for (int i = 0; i < c->nolder; i++)
		npsd_config_free(&c->older[i]);
	free(c->older);
	free(c->text);
	free(c);
}

char *npsd_config_help(void)
{
	struct npsd_buf b;

	npsd_buf_init(&b, 65536);
	npsd_buf_addz(
	    &b, "Options of the file and of --set, with their defaults (details: docs/options.md):\n");
	for (int i = 0; i < npsd_noptions; i++) {
		const struct npsd_option *o = &npsd_options[i];

		npsd_buf_addf(&b, "  %s=%s\n      %s; ", o->name, o->def, o->help);
		npsd_value_add_accepted(&b, o);
		npsd_buf_addz(&b, "\n");
	}
	npsd_buf_addf(&b, "Pane widths: %s\n", npsd_config_steps());
	npsd_buf_add(&b, "", 1);
	npsd_assert(!b.full);
	return b.p; /* malloc'ed */
}
