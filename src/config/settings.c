#include "config/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

#define FILE_MAX ((size_t)1024 * 1024)
#define SETTINGS_MAX 512
#define VALUES_MAX 4096
#define DEPTH_MAX 8
#define NAME_MAX_BYTES 300 /* topic_defaults.TOPIC.survey_kind, of the longest topic, is 276 */

struct walk {
	struct npsd_settings *s;
	struct npsd_err *err;
	yaml_document_t doc;
	const char *source;
	bool placed; /* the source has lines */
};

bool npsd_config_fail(struct npsd_err *err, struct npsd_place at, const char *field, const char *fmt, ...)
{
	char what[sizeof err->text], where[24] = "", line[2 * sizeof err->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (at.line)
		snprintf(where, sizeof where, ":%d:%d", at.line, at.col);
	snprintf(line, sizeof line, "%s%s: %s%s%s", at.source, where, field, *field ? ": " : "", what);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?'; /* one line, whatever stood in a name */
	return npsd_fail(err, NPSD_INVALID, 0, "%s", line);
}

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

/* A new setting at the end, or NULL: too many, or given twice in one file. */
static struct npsd_setting *add_setting(
    struct npsd_settings *s, struct npsd_err *err, const char *name, struct npsd_place at)
{
	const struct npsd_setting *old = npsd_settings_find(s, name);
	struct npsd_setting *new;

	if (old && at.line && strcmp(old->at.source, at.source) == 0) {
		npsd_config_fail(err, at, name, "given twice, first in line %d", old->at.line);
		return NULL;
	}
	if (s->n == SETTINGS_MAX) {
		npsd_config_fail(err, at, name, "more than %d options", SETTINGS_MAX);
		return NULL;
	}
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->list = realloc(s->list, (size_t)s->cap * sizeof *s->list);
		npsd_assert(s->list);
	}
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

/* A copy of a scalar, or NULL where it cannot be one C string. */
static char *copy_scalar(struct walk *w, const char *field, const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	char *copy;

	if (strlen(text) != node->data.scalar.length) {
		npsd_config_fail(w->err, place_of(w, node->start_mark), field, "holds a zero byte");
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
		return npsd_config_fail(w->err, to->at, field, "too long or nested too deep");
	if (node->type == YAML_SCALAR_NODE) {
		to->text = copy_scalar(w, field, node);
		return to->text != NULL;
	}
	if (node->type != YAML_SEQUENCE_NODE)
		return npsd_config_fail(w->err, to->at, field, "a map inside a list; accepted: text");
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

/* One `key: value` of a map; its name is the map's, a dot, and the key. */
static bool walk_pair(struct walk *w, const char *map, const yaml_node_pair_t *pair, int depth)
{
	const yaml_node_t *key = yaml_document_get_node(&w->doc, pair->key);
	struct npsd_place at = place_of(w, key->start_mark);
	char name[NAME_MAX_BYTES + 1], *text;
	int n;

	if (key->type != YAML_SCALAR_NODE)
		return npsd_config_fail(w->err, at, map, "a key is a list or a map; accepted: text");
	text = copy_scalar(w, map, key);
	if (!text)
		return false;
	n = snprintf(name, sizeof name, "%s%s%s", map, *map ? "." : "", text);
	free(text);
	for (char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return npsd_config_fail(w->err, at, map, "a key holds a control character");
	if (n > NAME_MAX_BYTES)
		return npsd_config_fail(w->err, at, map, "a key is too long");
	return walk_node(w, name, at, yaml_document_get_node(&w->doc, pair->value), depth);
}

static bool walk_node(
    struct walk *w, const char *name, struct npsd_place at, const yaml_node_t *node, int depth)
{
	struct npsd_setting *setting;
	bool is_map = node->type == YAML_MAPPING_NODE;

	if (depth > DEPTH_MAX)
		return npsd_config_fail(w->err, at, name, "nested too deep");
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

	if (parser->error == YAML_READER_ERROR) { /* it gives an offset only */
		mark = (yaml_mark_t){0};
		for (size_t i = 0; i < parser->problem_offset && i < text.n; i++) {
			mark.column = text.p[i] == '\n' ? 0 : mark.column + 1;
			mark.line += text.p[i] == '\n';
		}
	}
	return npsd_config_fail(w->err, place_of(w, mark), field, "no YAML: %s%s%s",
	    parser->problem ? parser->problem : "cannot be read", parser->context ? ", " : "",
	    parser->context ? parser->context : "");
}

/* The root of the document; of a file it must be a map. */
static bool walk_root(struct walk *w, const char *name)
{
	const yaml_node_t *root = yaml_document_get_root_node(&w->doc);

	if (!root)
		return true;
	if (!*name && root->type == YAML_SCALAR_NODE && root->data.scalar.length == 0)
		return true; /* `---` and nothing else */
	if (!*name && root->type != YAML_MAPPING_NODE)
		return npsd_config_fail(
		    w->err, place_of(w, root->start_mark), name, "no map of options; accepted: NAME: VALUE");
	return walk_node(w, name, place_of(w, root->start_mark), root, 0);
}

static bool read_yaml(struct walk *w, const char *name, struct npsd_str text)
{
	yaml_document_t second;
	yaml_parser_t parser;
	bool ok;

	npsd_assert(yaml_parser_initialize(&parser) == 1);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
	if (!yaml_parser_load(&parser, &w->doc)) {
		fail_syntax(w, &parser, name, text);
		yaml_parser_delete(&parser);
		return false;
	}
	ok = walk_root(w, name);
	if (ok && yaml_document_get_root_node(&w->doc)) { /* else libyaml has ended already */
		if (!yaml_parser_load(&parser, &second)) {
			ok = fail_syntax(w, &parser, name, text);
		} else {
			const yaml_node_t *root = yaml_document_get_root_node(&second);

			ok = !root || npsd_config_fail(
					  w->err, place_of(w, root->start_mark), name, "a second document");
			yaml_document_delete(&second);
		}
	}
	yaml_document_delete(&w->doc);
	yaml_parser_delete(&parser);
	return ok;
}

bool npsd_settings_read_file(struct npsd_settings *s, struct npsd_err *err, const char *file)
{
	struct walk w = {.s = s, .err = err, .source = file, .placed = true};
	FILE *f = fopen(file, "rb");
	char *text;
	size_t n;
	bool ok;

	if (!f)
		return npsd_fail(err, NPSD_INVALID, errno, "%s: %s", file, strerror(errno));
	text = malloc(FILE_MAX + 1);
	npsd_assert(text);
	n = fread(text, 1, FILE_MAX + 1, f);
	if (ferror(f))
		ok = npsd_fail(err, NPSD_INVALID, errno, "%s: %s", file, strerror(errno));
	else if (n > FILE_MAX)
		ok = npsd_fail(err, NPSD_INVALID, 0, "%s: longer than %zu bytes", file, FILE_MAX);
	else
		ok = read_yaml(&w, "", (struct npsd_str){text, (uint32_t)n});
	fclose(f);
	free(text);
	return ok;
}

bool npsd_settings_read_text(
    struct npsd_settings *s, struct npsd_err *err, const char *source, const char *assignment)
{
	struct walk w = {.s = s, .err = err, .source = source};
	const char *eq = strchr(assignment, '=');
	struct npsd_place at = {source, 0, 0};
	struct npsd_setting *setting;
	char name[NAME_MAX_BYTES + 1];

	if (!eq || eq == assignment || eq - assignment > NAME_MAX_BYTES)
		return npsd_config_fail(err, at, "", "`%s` is no assignment; accepted: NAME=VALUE",
		    npsd_value_show(assignment).text);
	snprintf(name, sizeof name, "%.*s", (int)(eq - assignment), assignment);
	if (!npsd_option_find(name) && strncmp(name, "kafka.properties.", 17) != 0)
		return read_yaml(&w, name, npsd_str(eq + 1));
	setting =
	    add_setting(s, err, name, at); /* a scalar: its text as it is, the shell has quotes of its own */
	if (!setting)
		return false;
	setting->value.text = strdup(eq + 1);
	npsd_assert(setting->value.text);
	return true;
}
