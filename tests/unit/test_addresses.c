/* Which of several servers a connection uses: names with several addresses, replicas, a fail-over by hand. */
#include <criterion/criterion.h>

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "help_redis.h"
#include "npsd/client.h"
#include "npsd/clock.h"
#include "npsd/redis.h"

/* --- a resolver: the addresses of servers.test, as the test sets them --- */

static const char *const *servers_test;
static int asked;

int getaddrinfo(const char *name, const char *port, const struct addrinfo *hints, struct addrinfo **out)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!name || strcmp(name, "servers.test") != 0)
		return real(name, port, hints, out);
	asked++;
	for (const char *const *a = servers_test; *a; a++) {
		int code = real(*a, port, hints, out);

		if (code != 0)
			return code;
		while (*out)
			out = &(*out)->ai_next;
	}
	return 0;
}

/* --- servers on the same port of several loopback addresses --- */

static const char *const ip[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};

struct bed {
	struct help_redis r[3];
	bool up[3];
	struct help_port port;
	char url[128];
	struct npsd_store s;
};

/* master: index of the server that it replicates; -1: none */
static void start(struct bed *b, int i, int master)
{
	/* diskless, so that a server that is killed leaves no file */
	const char *words[] = {"--port", b->port.text, "--bind", ip[i], "--protected-mode", "no",
	    "--repl-diskless-sync", "yes", "--repl-diskless-load", "swapdb",
	    master < 0 ? NULL : "--replicaof", master < 0 ? NULL : ip[master], b->port.text, NULL};

	help_redis_start(&b->r[i], words);
	b->up[i] = true;
}

static void begin(struct bed *b, const char *login)
{
	*b = (struct bed){.up = {false}};
	b->port = help_redis_port();
	snprintf(b->url, sizeof b->url, "redis://%sservers.test:%s", login, b->port.text);
}

static void open_store(struct bed *b)
{
	struct npsd_config cfg = {.redis_url = b->url, .redis_timeout_ms = 5000, .prefix = "nps"};
	struct npsd_err err = {.code = NPSD_OK};

	cr_assert(npsd_redis_open(&b->s, &cfg, "test", &err), "%s", err.text);
}

static void end(struct bed *b)
{
	npsd_redis_close(&b->s);
	for (int i = 0; i < 3; i++)
		if (b->up[i])
			help_redis_stop(&b->r[i]);
}

/* A script that writes. */
static const char *write_once(struct bed *b)
{
	static const char *const keys[] = {
	    "{nps:alerts}:fence", "{nps:alerts}:dict", "{nps:alerts}:config", "{nps:alerts}:rulings:t/0"};
	static const char *const args[] = {
	    "hash", "0", "", "text", "t/0", "0:0", "0123456789abcdef", "t", "0", "1", "0:0"};

	return help_store_call(&b->s, NPSD_S_base, keys, 4, args, 11);
}

/* Calls until the server runs it; a call that it cannot run now comes back, as for a component. */
static const char *write_until_done(struct bed *b)
{
	int64_t until = npsd_clock_system.mono_ms(NULL) + 60000;
	const char *reply;

	do
		reply = write_once(b);
	while (strncmp(reply, "cannot now: ", 12) == 0 && npsd_clock_system.mono_ms(NULL) < until);
	return reply;
}

static void expect_written(struct bed *b, int i)
{
	const char *reply = write_until_done(b);

	cr_expect(strncmp(reply, "[ok", 3) == 0 || strncmp(reply, "[refused", 8) == 0, "%s", reply);
	cr_expect_str_eq(help_redis_do(&b->r[i], "EXISTS", "{nps:alerts}:fence", NULL), "1");
}

/* The default user may not run INFO, as on some managed servers: a replica shows itself at a write only. */
static void forbid_info(struct bed *b, int i)
{
	help_redis_do(
	    &b->r[i], "ACL", "SETUSER", "w", "on", ">pw", "~*", "&*", "+@all", "-info", "-role", NULL);
}

Test(addresses, each_address_is_tried_until_one_is_a_master, .timeout = 120)
{
	static const char *const all[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", NULL};
	struct bed b;

	servers_test = all;
	begin(&b, "");
	start(&b, 2, -1);
	start(&b, 1, 2);
	open_store(&b);
	expect_written(&b, 2);
	cr_expect_eq(b.s.connection(b.s.self), 1, "127.0.0.2 is refused before it is used");
	end(&b);
}

Test(addresses, each_address_is_tried_where_a_replica_shows_itself_at_a_write, .timeout = 120)
{
	static const char *const all[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", NULL};
	struct bed b;

	servers_test = all;
	begin(&b, "w:pw@");
	start(&b, 2, -1);
	start(&b, 1, 2);
	start(&b, 0, 2);
	for (int i = 0; i < 3; i++)
		forbid_info(&b, i);
	open_store(&b);
	expect_written(&b, 2);
	end(&b);
}

Test(addresses, a_name_is_resolved_again_after_a_write_is_refused, .timeout = 120)
{
	static const char *const before[] = {"127.0.0.1", NULL}, *const after[] = {"127.0.0.2", NULL};
	struct bed b;

	servers_test = before;
	begin(&b, "");
	start(&b, 0, -1);
	start(&b, 1, 0);
	open_store(&b);
	expect_written(&b, 0);
	asked = 0;
	help_redis_do(&b.r[1], "REPLICAOF", "NO", "ONE", NULL);
	for (int i = 0; i < 2; i++) /* so that the script has something to write */
		help_redis_do(&b.r[i], "FLUSHALL", NULL);
	help_redis_do(&b.r[0], "REPLICAOF", "127.0.0.2", b.port.text, NULL);
	servers_test = after;
	expect_written(&b, 1);
	cr_expect_eq(asked, 1);
	cr_expect_eq(b.s.connection(b.s.self), 2);
	end(&b);
}

Test(addresses, a_plain_client_reads_from_a_replica_and_is_told_of_every_address, .timeout = 120)
{
	static const char *const all[] = {"127.0.0.1", "127.0.0.2", NULL}, *const word[] = {"ROLE"};
	struct npsd_err err = {.code = NPSD_OK};
	struct npsd_client *c;
	struct npsd_config cfg;
	struct bed b;

	servers_test = all;
	begin(&b, "");
	cfg = (struct npsd_config){.redis_url = b.url, .redis_timeout_ms = 600000, .prefix = "nps"};
	start(&b, 1, 2);
	cr_assert(npsd_client_open(&c, &cfg, &err));
	cr_expect(npsd_client_command(c, &err, 0, 1, word), "%s", err.text);
	npsd_client_close(&c);
	help_redis_stop(&b.r[1]);
	cr_assert(npsd_client_open(&c, &cfg, &err));
	cr_expect_not(npsd_client_command(c, &err, 0, 1, word));
	cr_expect(strstr(err.text, ": 127.0.0.1:") && strstr(err.text, "; 127.0.0.2:"), "%s", err.text);
	npsd_client_close(&c);
}
