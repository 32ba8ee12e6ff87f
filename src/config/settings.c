#include "config/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define FILE_MAX 1048576
#define SETTINGS_MAX 512
#define VALUES_MAX 4096
#define DEPTH_MAX 8
#define NAME_MAX_BYTES 300 /* topic_defaults.TOPIC.survey_kind with the longest topic has 276 */

struct walk {
	struct npsd_settings *s;
	struct npsd_err *err;
	yaml_document_t doc;
	const char *source;
	bool placed; /* the source has lines */
};

static void value_free(struct npsd_value *v)
{
	free(v->text);
	for (int i = 0; i < v->nitems; i++)
		value_free(&v->item[i]);
	free(v->item);
}

void npsd_settings_free(struct npsd_settings *s)
{
	for (int i = 0; i < s->n; i++) {
		free(s->list[i].name);
		value_free(&s->list[i].value);
	}
	free(s->list);
	*s = (struct npsd_settings){0};
}

const struct npsd_setting *npsd_settings_find(const struct npsd_settings *s, const char *name)
{
	for (int i = s->n - 1; i >= 0; i--)
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	return NULL;
}

const char *npsd_setting_key(const struct npsd_setting *one, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(one->name, prefix, n) == 0 ? one->name + n : NULL;
}

/* Appends a setting. NULL: there are too many, or one file sets the name twice. */
static struct npsd_setting *add_setting(
    struct npsd_settings *s, struct npsd_err *err, const char *name, struct npsd_place at)
{
	const struct npsd_setting *old = npsd_settings_find(s, name);
	struct npsd_setting *new;

	if (old && at.line && strcmp(old->at.source, at.source) == 0) {
		npsd_place_fail(err, at, name, "is set twice; first in line %d", old->at.line);
		return NULL;
	}
	if (s->n == SETTINGS_MAX) {
		npsd_place_fail(err, at, name, "more than %d settings", SETTINGS_MAX);
		return NULL;
	}
	if (!s->list)
		s->list = malloc(SETTINGS_MAX * sizeof *s->list);
	npsd_assert(s->list);
	new = &s->list[s->n++];
	*new = (struct npsd_setting){.name = strdup(name), .at = at, .value = {.at = at}};
	npsd_assert(new->name);
	return new;
}

static struct npsd_place place_of(const struct walk *w, yaml_mark_t mark)
{
	if (!w->placed)
		return (struct npsd_place){w->source, 0, 0};
	return (struct npsd_place){w->source, (int)mark.line + 1, (int)mark.column + 1};
}

/* Copies a scalar. NULL: it contains a zero byte. */
static char *copy_scalar(struct walk *w, const char *field, const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	char *copy;

	if (strlen(text) != node->data.scalar.length) {
		npsd_place_fail(w->err, place_of(w, node->start_mark), field, "contains a zero byte");
		return NULL;
	}
	copy = strdup(text);
	npsd_assert(copy);
	return copy;
}

static bool copy_value(
    struct walk *w, struct npsd_value *to, const char *field, const yaml_node_t *node, int depth)
{
	to->at = place_of(w, node->start_mark);
	if (++w->s->nvalues > VALUES_MAX || depth > DEPTH_MAX)
		return npsd_place_fail(w->err, to->at, field, "has too many values or is nested too deeply");
	if (node->type == YAML_SCALAR_NODE) {
		to->text = copy_scalar(w, field, node);
		return to->text != NULL;
	}
	if (node->type != YAML_SEQUENCE_NODE)
		return npsd_place_fail(w->err, to->at, field, "contains a map inside a list; accepted: text");
	for (yaml_node_item_t *i = node->data.sequence.items.start; i < node->data.sequence.items.top; i++) {
		to->item = realloc(to->item, ((size_t)to->nitems + 1) * sizeof *to->item);
		npsd_assert(to->item);
		to->item[to->nitems] = (struct npsd_value){0};
		if (!copy_value(
			w, &to->item[to->nitems++], field, yaml_document_get_node(&w->doc, *i), depth + 1))
			return false;
	}
	return true;
}

static bool walk_node(
    struct walk *w, const char *name, struct npsd_place at, const yaml_node_t *node, int depth);

/* Reads one `key: value` of a map; the name of the setting is `MAP.KEY`. */
static bool walk_pair(struct walk *w, const char *map, const yaml_node_pair_t *pair, int depth)
{
	const yaml_node_t *key = yaml_document_get_node(&w->doc, pair->key);
	struct npsd_place at = place_of(w, key->start_mark);
	char name[NAME_MAX_BYTES + 1], *text;
	int n;

	if (key->type != YAML_SCALAR_NODE)
		return npsd_place_fail(w->err, at, map, "a key is a list or a map; accepted: text");
	text = copy_scalar(w, map, key);
	if (!text)
		return false;
	n = snprintf(name, sizeof name, "%s%s%s", map, *map ? "." : "", text);
	free(text);
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return npsd_place_fail(w->err, at, map, "a key contains a control character");
	if (n > NAME_MAX_BYTES)
		return npsd_place_fail(w->err, at, map, "a key is too long");
	return walk_node(w, name, at, yaml_document_get_node(&w->doc, pair->value), depth);
}

static bool walk_node(
    struct walk *w, const char *name, struct npsd_place at, const yaml_node_t *node, int depth)
{
	struct npsd_setting *setting;
	bool is_map = node->type == YAML_MAPPING_NODE;

	if (depth > DEPTH_MAX)
		return npsd_place_fail(w->err, at, name, "is nested too deeply");
	if (!is_map || node->data.mapping.pairs.start == node->data.mapping.pairs.top) {
		if (is_map && !*name)
			return true;
		setting = add_setting(w->s, w->err, name, at);
		if (!setting)
			return false;
		setting->empty_map = is_map;
		return is_map || copy_value(w, &setting->value, name, node, 0);
	}
	for (yaml_node_pair_t *p = node->data.mapping.pairs.start; p < node->data.mapping.pairs.top; p++)
		if (!walk_pair(w, name, p, depth + 1))
			return false;
	return true;
}

static bool fail_syntax(struct walk *w, const yaml_parser_t *parser, const char *field, struct npsd_str text)
{
	yaml_mark_t mark = parser->problem_mark;

	if (parser->error == YAML_READER_ERROR) { /* libyaml gives no line, only an offset */
		mark = (yaml_mark_t){0};
		for (size_t i = 0; i < parser->problem_offset && i < text.n; i++) {
			mark.column = text.p[i] == '\n' ? 0 : mark.column + 1;
			mark.line += text.p[i] == '\n';
		}
	}
	return npsd_place_fail(w->err, place_of(w, mark), field, "invalid YAML: %s%s%s",
	    parser->problem ? parser->problem : "cannot be read", parser->context ? ", " : "",
	    parser->context ? parser->context : "");
}

/* Reads a document. A file (no name) must hold a map, or nothing. */
static bool walk_root(struct walk *w, const char *name, const yaml_node_t *root)
{
	if (!*name && root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0)
		return true; /* the file holds only `---` */
	if (!*name && root->type != YAML_MAPPING_NODE)
		return npsd_place_fail(w->err, place_of(w, root->start_mark), name,
		    "not a map of options; accepted: NAME: VALUE");
	return walk_node(w, name, place_of(w, root->start_mark), root, 0);
}

static bool read_yaml(struct walk *w, const char *name, struct npsd_str text)
{
	const yaml_node_t *root;
	yaml_parser_t parser;
	int ndocuments = 0;
	bool ok;

	npsd_assert(yaml_parser_initialize(&parser) == 1);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
	do {
		if (!yaml_parser_load(&parser, &w->doc)) {
			ok = fail_syntax(w, &parser, name, text);
			break;
		}
		root = yaml_document_get_root_node(&w->doc); /* NULL: the end */
		if (root && ndocuments++)
			ok = npsd_place_fail(w->err, place_of(w, root->start_mark), name,
			    "a second YAML document; accepted: one");
		else
			ok = !root || walk_root(w, name, root);
		yaml_document_delete(&w->doc);
	} while (ok && root);
	yaml_parser_delete(&parser);
	return ok;
}

bool npsd_settings_read_file(struct npsd_settings *s, struct npsd_err *err, const char *file)
{
	struct walk w = {.s = s, .err = err, .source = file, .placed = true};
	struct npsd_str text;
	bool ok;

	if (!npsd_place_read_file(&text, err, (struct npsd_place){file, 0, 0}, "", "", file, FILE_MAX))
		return false;
	ok = read_yaml(&w, "", text);
	free((char *)text.p);
	return ok;
}

bool npsd_settings_read_text(
    struct npsd_settings *s, struct npsd_err *err, const char *source, const char *assignment)
{
	struct walk w = {.s = s, .err = err, .source = source};
	const char *eq = strchr(assignment, '=');
	struct npsd_place at = {source, 0, 0};
	const struct npsd_option *o;
	struct npsd_setting *setting;
	char name[NAME_MAX_BYTES + 1];

	if (!eq || eq == assignment || eq - assignment > NAME_MAX_BYTES)
		return npsd_place_fail(err, at, "", "`%s` is not an assignment; accepted: NAME=VALUE",
		    npsd_quote(assignment).text);
	snprintf(name, sizeof name, "%.*s", (int)(eq - assignment), assignment);
	o = npsd_option_find(name);
	if (!(o && npsd_option_is_scalar(o)) &&
	    strncmp(name, NPSD_PROPERTY_PREFIX, strlen(NPSD_PROPERTY_PREFIX)) != 0)
		return read_yaml(&w, name, npsd_str(eq + 1));
	setting =
	    add_setting(s, err, name, at); /* a scalar is taken as it is: the shell removed its quotes */
	if (!setting)
		return false;
	setting->value.text = strdup(eq + 1);
	npsd_assert(setting->value.text);
	return true;
}
