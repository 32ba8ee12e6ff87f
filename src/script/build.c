#include "script/build.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/array.h"

void npsd_script_init(struct npsd_script_build *b, const struct npsd_config *cfg, size_t text_max)
{
	*b = (struct npsd_script_build){.cfg = cfg};
	npsd_buf_init(&b->text, text_max);
}

void npsd_script_free(struct npsd_script_build *b)
{
	npsd_buf_free(&b->text);
	free(b->item);
	free(b->arg);
	*b = (struct npsd_script_build){0};
}

void npsd_script_begin(struct npsd_script_build *b, enum npsd_script script)
{
	npsd_buf_clear(&b->text);
	b->script = script;
	b->n = b->nkeys = b->connection = 0;
}

void npsd_script_begin_private(struct npsd_script_build *b, enum npsd_script script)
{
	npsd_script_begin(b, script);
	npsd_script_private_key(b, "fence");
	npsd_script_private_key(b, "dict");
}

static void add_item(struct npsd_script_build *b, const void *ref, size_t at, size_t n)
{
	b->item = npsd_array_reserve(b->item, &b->cap, b->n, sizeof *b->item);
	b->item[b->n++] = (struct npsd_script_item){ref, at, n};
}

/* The item is what was appended to the text from `at` on. */
static void add_text(struct npsd_script_build *b, size_t at)
{
	npsd_assert(!b->text.full);
	add_item(b, NULL, at, b->text.n - at);
}

static void add_key(struct npsd_script_build *b, size_t at)
{
	npsd_assert(b->n == b->nkeys);
	add_text(b, at);
	b->nkeys++;
}

static void format(struct npsd_script_build *b, const char *fmt, va_list ap)
{
	char text[512];
	int n = vsnprintf(text, sizeof text, fmt, ap);

	npsd_assert(n >= 0 && (size_t)n < sizeof text);
	npsd_buf_add(&b->text, text, (size_t)n);
}

void npsd_script_private_key(struct npsd_script_build *b, const char *fmt, ...)
{
	size_t at = b->text.n;
	va_list ap;

	npsd_buf_addf(&b->text, "{%s:alerts}:", b->cfg->prefix);
	va_start(ap, fmt);
	format(b, fmt, ap);
	va_end(ap);
	add_key(b, at);
}

void npsd_script_public_key(struct npsd_script_build *b, const char *fmt, ...)
{
	size_t at = b->text.n;
	va_list ap;

	npsd_buf_addf(&b->text, "%s:", b->cfg->prefix);
	va_start(ap, fmt);
	format(b, fmt, ap);
	va_end(ap);
	add_key(b, at);
}

void npsd_script_key(struct npsd_script_build *b, const void *p, size_t n)
{
	size_t at = b->text.n;

	npsd_buf_add(&b->text, p, n);
	add_key(b, at);
}

void npsd_script_header(struct npsd_script_build *b, const struct npsd_names *names, uint32_t len)
{
	const char *chain = len ? npsd_names_chain_any(names, len) : "";

	npsd_assert(chain);
	npsd_script_argz(b, b->cfg->hash);
	npsd_script_argf(b, "%" PRIu32, len);
	npsd_script_argz(b, chain);
}

void npsd_script_header_of(struct npsd_script_build *b, const char *hash)
{
	npsd_script_argz(b, hash);
	npsd_script_argz(b, "0");
	npsd_script_argz(b, "");
}

void npsd_script_arg(struct npsd_script_build *b, const void *p, size_t n)
{
	size_t at = b->text.n;

	npsd_buf_add(&b->text, p, n);
	add_text(b, at);
}

void npsd_script_argz(struct npsd_script_build *b, const char *z)
{
	npsd_script_arg(b, z, strlen(z));
}

void npsd_script_argf(struct npsd_script_build *b, const char *fmt, ...)
{
	size_t at = b->text.n;
	va_list ap;

	va_start(ap, fmt);
	format(b, fmt, ap);
	va_end(ap);
	add_text(b, at);
}

void npsd_script_int(struct npsd_script_build *b, int64_t v)
{
	npsd_script_argf(b, "%" PRId64, v);
}

void npsd_script_tp(struct npsd_script_build *b, struct npsd_tp tp)
{
	npsd_script_argf(b, "%s/%" PRId32, b->cfg->topics[tp.topic], tp.part);
}

void npsd_script_pos(struct npsd_script_build *b, struct npsd_pos pos)
{
	npsd_script_argf(b, "%" PRIu32 ":%" PRId64, pos.inc, pos.offset);
}

void npsd_script_extend(struct npsd_script_build *b, const void *p, size_t n)
{
	npsd_assert(b->n > b->nkeys && !b->item[b->n - 1].ref);
	npsd_buf_add(&b->text, p, n);
	npsd_assert(!b->text.full);
	b->item[b->n - 1].n += n;
}

void npsd_script_arg_ref(struct npsd_script_build *b, const void *p, size_t n)
{
	add_item(b, n ? p : "", 0, n);
}

bool npsd_script_submit(struct npsd_script_build *b, struct npsd_store *store, uint64_t tag)
{
	struct npsd_call call = {.tag = tag,
	    .script = b->script,
	    .connection = b->connection,
	    .nkeys = b->nkeys,
	    .nargs = b->n - b->nkeys};

	b->arg = npsd_array_reserve(b->arg, &b->arg_cap, b->n, sizeof *b->arg);
	call.keys = b->arg;
	call.args = b->arg + b->nkeys;
	/* only now: the text may have moved while it grew */
	for (uint32_t i = 0; i < b->n; i++) {
		const struct npsd_script_item *it = &b->item[i];

		b->arg[i] = (struct npsd_arg){it->ref ? it->ref : it->n ? b->text.p + it->at : "", it->n};
	}
	return store->submit(store->self, &call);
}
