/* The scripts on public keys against a private redis-server that refuses commands: an error never looks like
 * an answer, so nothing that stands there is deleted. */
#include <criterion/criterion.h>

#include <stdio.h>

#include "help_script.h"

#define DO(...) help_redis_do(&b.redis, __VA_ARGS__, NULL)

static struct help_bed b;

static void open_bed(void)
{
	help_bed_open(&b);
}

static void close_bed(void)
{
	help_bed_close(&b);
}

TestSuite(scripts_public, .init = open_bed, .fini = close_bed, .timeout = 120);

#define REV "1795334390000-000000000007-1795334390123"

static const struct row {
	enum npsd_script script;
	const char *key;
	const char *args[10];
	const char *size; /* the command that counts what stands in the key */
} rows[] = {
    {NPSD_S_publish, "nps:v:{a}", {REV, "*", "1h", "new", "24h", "new", "7d", "new"}, "HLEN"},
    {NPSD_S_publish, "nps:v:{b}", {REV, "*"}, "HLEN"},
    {NPSD_S_copy, "nps:totals", {"a", "new", "b", "new", "c", "new"}, "HLEN"},
    {NPSD_S_series, "nps:series:{a}:1h", {"1", "2", "0", "1 2 3", "3600", "1 2 3"}, "HLEN"},
    {NPSD_S_series, "nps:series:{b}:1h", {"0", "1", "7200", "1 2 3", "0"}, "HLEN"},
    {NPSD_S_index, "nps:index:a", {"SADD", "x", "y"}, "SCARD"},
    {NPSD_S_index, "nps:index:b", {"SREM", "one", "y"}, "SCARD"},
    {NPSD_S_rank, "nps:rank:a", {"1", "0.5", "x"}, "ZCARD"},
    {NPSD_S_rank, "nps:rank:b", {"1", "0.5", "x", "one"}, "ZCARD"},
    {NPSD_S_members, "nps:index:a", {"SSCAN", "0", "10"}, "SCARD"},
    {NPSD_S_members, "nps:rank:a", {"ZSCAN", "0", "10"}, "ZCARD"},
    {NPSD_S_remove, "nps:v:{a}", {""}, "HLEN"},
};

#define NROWS (sizeof rows / sizeof rows[0])

static void fill(const struct row *r)
{
	DO("DEL", r->key);
	if (r->size[0] == 'H')
		DO("HSET", r->key, "1h", "old", "24h", "old", "0", "old");
	else if (r->size[0] == 'S')
		DO("SADD", r->key, "one", "two", "three");
	else
		DO("ZADD", r->key, "0.1", "one", "0.2", "two", "0.3", "three");
}

static const char *call(const struct row *r)
{
	size_t n = 0;

	while (n < 10 && r->args[n])
		n++;
	return help_store_call(&b.store, r->script, (const char *[]){r->key}, 1, r->args, n);
}

/* After seconds above maxmemory, or with a user who lacks a right, ranks held a few of their members. */
Test(scripts_public, an_error_deletes_nothing)
{
	static const char *const commands[] = {"hset", "hdel", "hget", "hlen", "del", "type", "sadd", "srem",
	    "zadd", "zrem", "sscan", "zscan", "pexpire"};
	int refused = 0;

	call(&rows[0]); /* a new connection would not be made without the right */
	for (size_t i = 0; i < NROWS; i++)
		for (size_t k = 0; k < sizeof commands / sizeof commands[0]; k++) {
			char minus[32], plus[32];
			const char *reply;

			fill(&rows[i]);
			snprintf(minus, sizeof minus, "-%s", commands[k]);
			snprintf(plus, sizeof plus, "+%s", commands[k]);
			DO("ACL", "SETUSER", "default", minus);
			reply = call(&rows[i]);
			DO("ACL", "SETUSER", "default", plus);
			if (strncmp(reply, "[ok", 3) == 0)
				continue;
			cr_expect(strncmp(reply, "broken: ", 8) == 0, "%s %s: %s", rows[i].key, minus, reply);
			/* the emptied window key has its new rev, and waits for its expiry */
			if (strcmp(commands[k], "pexpire") != 0)
				cr_expect_geq(
				    atoi(DO(rows[i].size, rows[i].key)), 3, "%s %s", rows[i].key, minus);
			refused++;
		}
	cr_expect_geq(refused, (int)NROWS, "the test refuses too little");
}

Test(scripts_public, no_memory_deletes_nothing)
{
	int refused = 0;

	for (size_t i = 0; i < NROWS; i++) {
		const char *reply;

		fill(&rows[i]);
		DO("CONFIG", "SET", "maxmemory", "1");
		reply = call(&rows[i]);
		DO("CONFIG", "SET", "maxmemory", "0");
		if (strncmp(reply, "[ok", 3) == 0)
			continue;
		cr_expect(strncmp(reply, "cannot now: OOM", 15) == 0, "%s: %s", rows[i].key, reply);
		cr_expect_str_eq(DO(rows[i].size, rows[i].key), "3", "%s", rows[i].key);
		refused++;
	}
	cr_expect_geq(refused, 6);
}

Test(scripts_public, a_value_of_another_type_is_replaced)
{
	for (size_t i = 0; i < NROWS; i++) {
		bool reads = rows[i].script == NPSD_S_members;
		const char *reply;

		DO("SET", rows[i].key, "a string");
		reply = call(&rows[i]);
		if (strcmp(reply, "[again]") == 0)
			continue;
		cr_expect(strncmp(reply, "[ok", 3) == 0, "%s: %s", rows[i].key, reply);
		cr_expect_eq(strcmp(DO("TYPE", rows[i].key), "string") == 0, reads, "%s", rows[i].key);
	}
}
