#include "consume/targets.h"

#include <stdlib.h>

#include "consume/stored.h"

void targets_free(struct targets *t)
{
	free(t->target);
	*t = (struct targets){0};
}

/* False: the number of partitions of a topic is not known now. */
static bool name_all(struct targets *t, struct context *c)
{
	size_t n = 1;

	for (int32_t k = 0; k < c->cfg->ntopics; k++) {
		if (context_parts(c, k) == 0)
			return false;
		n += (size_t)c->parts[k];
	}
	t->target = calloc(n, sizeof *t->target);
	npsd_assert(t->target);
	for (int32_t k = 0; k < c->cfg->ntopics; k++)
		for (int32_t p = 0; p < c->parts[k]; p++)
			t->target[t->n++] = (struct target){.tp = {k, p}, .end = -1};
	t->unknown = t->unreached = t->n;
	t->retry = CONTEXT_BACKOFF;
	return true;
}

bool targets_find(struct targets *t, struct context *c)
{
	int64_t now = context_mono_ms(c), until = now + CONTEXT_ENDS_MS;

	if (!t->target && !name_all(t, c))
		return false;
	if (npsd_backoff_waits(&t->retry, now))
		return false;
	for (size_t i = 0; i < t->n && t->unknown && context_mono_ms(c) < until; i++) {
		struct target *one = &t->target[i];

		if (one->end < 0 && !one->asked)
			one->asked = c->broker->ends(c->broker->self, CONTEXT_TAG(TAG_TARGET, i), one->tp);
	}
	return t->unknown == 0;
}

void targets_on_ends(struct targets *t, struct context *c, uint32_t number, const struct npsd_broker_event *e)
{
	struct target *one = &t->target[number];
	char name[CONTEXT_TP_TEXT];

	npsd_assert(number < t->n && one->asked);
	one->asked = false;
	if (e->ok) {
		one->low = e->low;
		one->end = e->high;
		one->reached = one->end <= one->low;
		t->unreached -= one->reached;
		t->unknown--;
	} else if (!npsd_backoff_waits(&t->retry, context_mono_ms(c))) {
		context_tp_name(c, name, e->tp);
		context_retry(
		    c, &t->retry, "%s: Kafka does not give first and last offset: %s", name, e->text);
	}
}

void targets_on_position(struct targets *t, struct npsd_tp tp, struct npsd_str text)
{
	struct npsd_pos pos;

	for (size_t i = 0; npsd_stored_pos(&pos, text) && i < t->n; i++) {
		struct target *one = &t->target[i];

		if (one->tp.topic != tp.topic || one->tp.part != tp.part || one->reached)
			continue;
		one->reached = pos.offset >= one->end;
		t->unreached -= one->reached;
	}
}

bool targets_reached(const struct targets *t)
{
	return t->target && t->unknown == 0 && t->unreached == 0;
}
