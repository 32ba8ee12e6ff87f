/* A canonical text as a configuration: what decoding and npsd_config_adopt() need of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/readers.h"

/* The text is zero-terminated, so strtoll() stops at the end of the value. */
static int64_t number(struct npsd_str s)
{
	return s.n ? strtoll(s.p, NULL, 10) : 0;
}

/* `plan,seat` */
static void read_attributes(struct npsd_config *cfg, const char *text)
{
	struct npsd_str list = npsd_text_value(text, "attributes"), name;

	while (npsd_str_next(&name, &list, ',')) {
		char line[NPSD_TEXT_NAME_MAX];
		struct npsd_str cap;
		int dim = npsd_sets_add_attribute(&cfg->sets, name);

		snprintf(line, sizeof line, "caps.%s", npsd_dim_word(&cfg->sets, dim));
		cap = npsd_text_value(text, line);
		cfg->caps[dim] = cap.n ? (uint32_t)number(cap) : npsd_option_cap_default(dim);
	}
}

/* `0 all;1 location,channel 1795334390000`: number, name, since_ms */
static void read_sets(struct npsd_sets *sets, struct npsd_str list)
{
	struct npsd_str item, part, word;

	while (npsd_str_next(&item, &list, ';')) {
		struct npsd_set *set = &sets->set[sets->n++];

		npsd_assert(sets->n <= NPSD_MAX_SETS && npsd_str_next(&part, &item, ' '));
		set->number = (uint16_t)number(part);
		npsd_assert(npsd_str_next(&part, &item, ' ') && part.n < sizeof set->name);
		snprintf(set->name, sizeof set->name, "%.*s", (int)part.n, part.p);
		set->since_ms = number(item);
		while (npsd_str_next(&word, &part, ',')) {
			int dim = npsd_dim_find(sets, word);

			if (dim >= 0 && set->ndims < NPSD_SET_DIMS)
				set->dims[set->ndims++] = (uint8_t)dim;
		}
	}
}

/* `1h,24h 1795334390000`: name, since_ms */
static void read_windows(struct npsd_config *cfg, struct npsd_str list)
{
	struct npsd_str item, name;

	while (npsd_str_next(&item, &list, ',')) {
		struct npsd_window *w = &cfg->windows[cfg->nwindows++];
		char text[sizeof w->name];

		npsd_assert(cfg->nwindows <= NPSD_MAX_WINDOWS && npsd_str_next(&name, &item, ' '));
		snprintf(text, sizeof text, "%.*s", (int)name.n, name.p);
		npsd_config_window(w, text);
		w->since_ms = number(item);
	}
}

static uint8_t kind_of(struct npsd_str word)
{
	for (int kind = NPSD_KIND_TRANSACTIONAL; kind <= NPSD_KIND_OTHER; kind++)
		if (npsd_str_eq(word, npsd_str(npsd_kind_names[kind])))
			return (uint8_t)kind;
	return NPSD_KIND_NONE;
}

static void read_topic_kinds(struct npsd_config *cfg, const char *text, const struct npsd_config *present)
{
	for (int i = 0; i < present->ntopics; i++) {
		char name[NPSD_TEXT_NAME_MAX];
		struct npsd_str word;

		snprintf(name, sizeof name, "topic_defaults.%s.survey_kind", present->topics[i]);
		word = npsd_text_value(text, name);
		if (word.n)
			cfg->topic_kind[i] = kind_of(word) ? kind_of(word) : NPSD_TOPIC_KIND_NONE;
	}
}

struct npsd_config *npsd_config_of_text(const char *text, const char *hash, const struct npsd_config *present)
{
	struct npsd_config *cfg = calloc(1, sizeof *cfg);

	npsd_assert(cfg);
	snprintf(cfg->hash, sizeof cfg->hash, "%s", hash);
	cfg->text = strdup(text);
	npsd_assert(cfg->text);
	cfg->default_kind = kind_of(npsd_text_value(text, "defaults.survey_kind"));
	read_topic_kinds(cfg, text, present);
	cfg->location_required = npsd_str_eq(npsd_text_value(text, "location.required"), NPSD_STR("true"));
	cfg->event_bytes = number(npsd_text_value(text, "limits.event_bytes"));
	read_attributes(cfg, text);
	read_sets(&cfg->sets, npsd_text_value(text, "segments"));
	cfg->sets_given = (uint32_t)number(npsd_text_value(text, "sets.given"));
	cfg->sets.attr_unused = npsd_sets_unused_attributes(&cfg->sets);
	read_windows(cfg, npsd_text_value(text, "windows"));
	return cfg;
}

int npsd_config_older(const struct npsd_config *cfg, struct npsd_str hash)
{
	for (int i = 0; i < cfg->nolder; i++)
		if (npsd_str_eq(hash, npsd_str(cfg->older[i]->hash)))
			return i;
	return -1;
}

bool npsd_config_knows(const struct npsd_config *cfg, struct npsd_str hash)
{
	return npsd_str_eq(hash, npsd_str(cfg->hash)) || npsd_config_older(cfg, hash) >= 0;
}
