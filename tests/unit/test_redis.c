/* The production store against a private redis-server, and what needs no server: the address, kinds of
 * errors. */
#include <criterion/criterion.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "help_redis.h"
#include "npsd/client.h"
#include "npsd/clock.h"
#include "npsd/redis.h"
#include "redis/resp.h"
#include "redis/url.h"

static const char *const keys[] = {"{nps:alerts}:fence", "{nps:alerts}:dict"};
static const char *const empty_check[] = {"hash", "0", ""};

static const char *check(struct npsd_store *s)
{
	return help_store_call(s, NPSD_S_fence_check, keys, 2, empty_check, 3);
}

static bool submit_check_on(struct npsd_store *s, uint64_t tag, uint32_t connection)
{
	struct npsd_arg k[2], a[3] = {{"hash", 4}, {"0", 1}, {"", 0}};
	struct npsd_call call = {tag, NPSD_S_fence_check, k, 2, a, 3, connection};

	for (int i = 0; i < 2; i++)
		k[i] = (struct npsd_arg){keys[i], strlen(keys[i])};
	return s->submit(s->self, &call);
}

static bool submit_check(struct npsd_store *s, uint64_t tag)
{
	return submit_check_on(s, tag, 0);
}

/* One command of a plain client; what failed is added to err. */
static bool ask(
    char *url, struct npsd_err *err, int timeout_ms, int block_ms, int argc, const char *const *argv)
{
	struct npsd_config cfg = {.redis_url = url, .redis_timeout_ms = timeout_ms};
	struct npsd_client *c;
	bool ok = npsd_client_open(&c, &cfg, err) && npsd_client_command(c, err, block_ms, argc, argv);

	npsd_client_close(&c);
	return ok;
}

static struct npsd_done next(struct npsd_store *s)
{
	int64_t until = npsd_clock_system.mono_ms(NULL) + 20000;
	struct npsd_done done;

	while (!s->poll(s->self, &done, 50))
		cr_assert(npsd_clock_system.mono_ms(NULL) < until, "no completion");
	return done;
}

Test(redis, the_address_is_taken_apart)
{
	static const struct {
		const char *url, *expect;
	} rows[] = {
	    {"redis://127.0.0.1:6379/0", "|| 127.0.0.1 6379 0 |"},
	    {"redis://h", "|| h 6379 0 |"},
	    {"redis://h/3", "|| h 6379 3 |"},
	    {"redis://[::1]:7/15", "|| ::1 7 15 |"},
	    {"redis://u:p%40%2f@h:1/2", "u|p@/| h 1 2 |"},
	    {"redis://:p/q@h", "|p/q| h 6379 0 |"},
	    {"redis://p@h", "|p| h 6379 0 |"},
	    {"unix:///run/redis.sock", "||   0 |/run/redis.sock"},
	    {"unix://u:p@/run/redis.sock", "u|p|   0 |/run/redis.sock"},
	    {"http://h", NULL},
	    {"redis://", NULL},
	    {"redis://:1", NULL},
	    {"redis://h:x", NULL},
	    {"redis://h:123456", NULL},
	    {"redis://h:65536", NULL},
	    {"redis://h:0", NULL},
	    {"redis://h/x", NULL},
	    {"redis://%4@h", NULL},
	    {"redis://%00@h", NULL},
	    {"redis://[::1/0", NULL},
	    {"unix://run/redis.sock", NULL},
	    {"unix:///", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_err err = {.code = NPSD_OK};
		struct npsd_redis_url u;
		bool ok = npsd_redis_url_parse(&u, rows[i].url, &err);
		char text[1200];

		cr_expect_eq(ok, rows[i].expect != NULL, "%s", rows[i].url);
		cr_expect_eq(err.code, ok ? NPSD_OK : NPSD_INVALID);
		snprintf(text, sizeof text, "%s|%s| %s %s %d |%s", u.user, u.password, u.host, u.port, u.db,
		    u.path);
		if (ok && rows[i].expect)
			cr_expect_str_eq(text, rows[i].expect);
	}
}

Test(redis, an_error_is_classified_by_its_first_word_or_as_6_2_wraps_it)
{
	static const struct {
		const char *text;
		enum npsd_outcome expect;
	} rows[] = {
	    {"OOM command not allowed when used memory > 'maxmemory'. script: ab, on @user_script:3.",
		NPSD_CANT_NOW},
	    {"BUSY Redis is busy running a script.", NPSD_CANT_NOW},
	    {"LOADING Redis is loading the dataset in memory", NPSD_CANT_NOW},
	    {"READONLY You can't write against a read only replica.", NPSD_CANT_NOW},
	    {"MISCONF Redis is configured to save RDB snapshots", NPSD_CANT_NOW},
	    {"NOREPLICAS Not enough good replicas to write.", NPSD_CANT_NOW},
	    {"MASTERDOWN Link with MASTER is down", NPSD_CANT_NOW},
	    {"TRYAGAIN Multiple keys request during rehashing of slot", NPSD_CANT_NOW},
	    {"CLUSTERDOWN The cluster is down", NPSD_CANT_NOW},
	    {"ERR Error running script (call to f_5): @user_script:1: @user_script: 1: -OOM command not "
	     "allowed",
		NPSD_CANT_NOW},
	    {"ERR Error running script (call to f_5): @user_script:1: @user_script: 1: -READONLY You can't "
	     "write",
		NPSD_CANT_NOW},
	    {"ERR Error running script (call to f_5): @user_script:9: a script: ROOM for more", NPSD_BROKEN},
	    {"ERR max number of clients reached", NPSD_CANT_NOW},
	    {"OOMPH", NPSD_BROKEN},
	    {"NOAUTH Authentication required.", NPSD_BROKEN},
	    {"WRONGTYPE Operation against a key holding the wrong kind of value", NPSD_BROKEN},
	    {"ERR unknown command: OOM", NPSD_BROKEN},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		cr_expect_eq(npsd_resp_error(rows[i].text), rows[i].expect, "%s", rows[i].text);
}

Test(redis, calls_are_answered_and_the_connection_counted)
{
	struct help_redis r;
	struct npsd_store s;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	cr_expect_eq(s.connection(s.self), 0);
	cr_expect_str_eq(check(&s), "[refused empty]");
	cr_expect_eq(s.connection(s.self), 1);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, many_calls_are_in_flight_but_not_too_many)
{
	struct help_redis r;
	struct npsd_store s;
	uint64_t sum = 0, n = 0;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	while (submit_check(&s, n + 1))
		n++;
	cr_expect_eq(n, NPSD_REDIS_CALLS);
	for (uint64_t i = 0; i < n; i++) {
		struct npsd_done done = next(&s);

		cr_expect_eq(done.outcome, NPSD_DONE);
		sum += done.tag;
	}
	cr_expect_eq(sum, n * (n + 1) / 2);
	cr_expect(submit_check(&s, 1));
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, scripts_that_the_server_forgot_are_loaded_and_called_again)
{
	struct help_redis r;
	struct npsd_store s;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	check(&s);
	for (int i = 0; i < 5; i++) {
		help_redis_do(&r, "SCRIPT", "FLUSH", NULL);
		cr_expect_str_eq(check(&s), "[refused empty]");
	}
	cr_expect_eq(s.connection(s.self), 1);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, what_gets_no_reply_is_lost_and_what_was_not_sent_cannot_be_now)
{
	struct help_redis r;
	struct npsd_store s;
	struct npsd_done done;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 300);
	check(&s);
	kill(r.pid, SIGSTOP);
	cr_expect(submit_check(&s, 7));
	done = next(&s);
	cr_expect_eq(done.tag, 7);
	cr_expect_eq(done.outcome, NPSD_LOST);
	kill(r.pid, SIGCONT);
	cr_expect_str_eq(check(&s), "[refused empty]");
	cr_expect_eq(s.connection(s.self), 2);
	help_redis_kill(&r);
	while (s.poll(s.self, &done, 10))
		;
	cr_expect(submit_check(&s, 8));
	done = next(&s);
	cr_expect_eq(done.tag, 8);
	cr_expect_eq(done.outcome, NPSD_CANT_NOW, "%s", done.text);
	help_redis_again(&r, NULL);
	for (int tries = 0; tries < 100 && strncmp(check(&s), "cannot now: ", 12) == 0; tries++)
		;
	cr_expect_str_eq(check(&s), "[refused empty]");
	cr_expect_eq(s.connection(s.self), 3);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

/* Another server may not have what was written on the connection before. */
Test(redis, a_call_for_one_connection_is_sent_on_no_other)
{
	struct help_redis r;
	struct npsd_store s;
	struct npsd_done done;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 10000);
	check(&s);
	cr_assert_eq(s.connection(s.self), 1);
	cr_assert(submit_check_on(&s, 5, 1));
	cr_expect_eq(next(&s).outcome, NPSD_DONE);
	help_redis_kill(&r);
	cr_expect_not(s.poll(s.self, &done, 20), "it notices that the server is gone");
	cr_assert(submit_check_on(&s, 6, 1));
	cr_assert(submit_check_on(&s, 7, 0));
	help_redis_again(&r, NULL);
	done = next(&s);
	cr_expect_eq(done.tag, 6);
	cr_expect_eq(done.outcome, NPSD_CANT_NOW, "%d", (int)done.outcome);
	done = next(&s);
	cr_expect_eq(done.tag, 7);
	cr_expect_eq(done.outcome, NPSD_DONE);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, a_login_that_fails_is_broken)
{
	static const char *const with_password[] = {"--requirepass", "secret", NULL};
	struct help_redis r;
	struct npsd_store s;
	char plain[96];

	help_redis_start(&r, with_password);
	help_store_open(&s, &r, 5000);
	cr_expect(strstr(check(&s), "broken: NOAUTH") != NULL);
	npsd_redis_close(&s);
	snprintf(plain, sizeof plain, "%s", r.url);
	snprintf(r.url, sizeof r.url, "unix://:secret@%.80s", r.sock);
	help_store_open(&s, &r, 5000);
	cr_expect_str_eq(check(&s), "[refused empty]");
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, a_server_out_of_memory_cannot_now)
{
	static const char *const base_keys[] = {
	    "{nps:alerts}:fence", "{nps:alerts}:dict", "{nps:alerts}:config", "{nps:alerts}:rulings:t/0"};
	static const char *const args[] = {
	    "hash", "0", "", "text", "t/0", "0:0", "0123456789abcdef", "t", "0", "1", "0:0"};
	struct help_redis r;
	struct npsd_store s;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	help_redis_do(&r, "CONFIG", "SET", "maxmemory", "1", NULL);
	cr_expect(strstr(help_store_call(&s, NPSD_S_base, base_keys, 4, args, 11), "cannot now: ") != NULL);
	help_redis_do(&r, "CONFIG", "SET", "maxmemory", "0", NULL);
	cr_expect_str_eq(help_redis_do(&r, "DBSIZE", NULL), "0");
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

Test(redis, a_wake_ends_the_wait)
{
	struct help_redis r;
	struct npsd_store s;
	struct npsd_done done;
	int64_t before;

	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 5000);
	check(&s);
	s.wake(s.self);
	before = npsd_clock_system.mono_ms(NULL);
	cr_expect_not(s.poll(s.self, &done, 600000));
	cr_expect_lt(npsd_clock_system.mono_ms(NULL) - before, 500000);
	npsd_redis_close(&s);
	help_redis_stop(&r);
}

/* A server that answers the first bytes of every connection with `say`, and then is silent. */
static pid_t false_server(const char *path, const char *say)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
	cr_assert_eq(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	cr_assert_eq(listen(fd, 16), 0);
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			char bytes[100];
			int c = accept(fd, NULL, NULL);

			if (c < 0 || read(c, bytes, sizeof bytes) < 0 || write(c, say, strlen(say)) < 0)
				_exit(1);
		}
	}
	close(fd);
	return pid;
}

Test(redis, a_server_that_is_none_or_too_old_is_recognized)
{
	static const struct {
		const char *say, *expect;
	} rows[] = {
	    {"$20\r\nredis_version:6.0.16\r\n", "broken: Redis 6.2 or newer is needed, this is 6.0.16"},
	    {"$20\r\nredis_version:5.2.16\r\n", "broken: Redis 6.2 or newer is needed, this is 5.2.16"},
	    {"HTTP/1.1 400 Bad Request\r\n", "cannot now: no connection: a malformed reply"},
	    {"+OK\r\n*0\r\n-LOADING the dataset\r\n", "cannot now: no connection: LOADING the dataset"},
	    {"+OK\r\n*0\r\n-NOPERM no\r\n", "broken: NOPERM no"},
	    {"-NOPERM no\r\n-NOPERM no\r\n$2\r\nab\r\n",
		"broken: the server names a loaded script otherwise than by its SHA1"},
	    {"-ERR max number of clients reached\r\n",
		"cannot now: no connection: ERR max number of clients reached"},
	    {"-DENIED Redis is running in protected mode\r\n",
		"broken: DENIED Redis is running in protected mode"},
	    {"", "cannot now: no connection: "},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct help_redis r = {.dir = "/tmp/npsd-redis-XXXXXX"};
		struct npsd_store s;
		pid_t pid;

		cr_assert(mkdtemp(r.dir));
		snprintf(r.sock, sizeof r.sock, "%s/s", r.dir);
		snprintf(r.url, sizeof r.url, "unix://%s", r.sock);
		pid = false_server(r.sock, rows[i].say);
		help_store_open(&s, &r, 300);
		cr_expect_eq(
		    strncmp(check(&s), rows[i].expect, strlen(rows[i].expect)), 0, "%s", rows[i].expect);
		npsd_redis_close(&s);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		unlink(r.sock);
		rmdir(r.dir);
	}
}

Test(redis, a_client_logs_in_and_its_failures_have_kinds)
{
	static const char *const with_password[] = {"--requirepass", "secret", NULL};
	static const char *const time[] = {"TIME"}, *const wrong[] = {"HGETALL"},
				 *const block[] = {"BLPOP", "k", "0.4"};
	struct help_redis r;
	const struct {
		const char *url;
		int timeout_ms, block_ms, argc;
		const char *const *argv;
		enum npsd_code code;
		const char *text;
	} rows[] = {
	    {"unix://:secret@%s", 5000, 0, 1, time, NPSD_OK, ""},
	    {"unix://:secret@%s", 300, 400, 3, block, NPSD_OK, ""},
	    {"unix://:secret@%s", 300, 0, 3, block, NPSD_RETRY, "no reply within redis.timeout"},
	    {"unix://:secret@%s", 5000, 0, 1, wrong, NPSD_REFUSED, "ERR wrong number of arguments"},
	    {"unix://:other@%s", 5000, 0, 1, time, NPSD_REFUSED, "WRONGPASS"},
	    {"unix://%s", 5000, 0, 1, time, NPSD_REFUSED, "NOAUTH"},
	    {"unix://%s.not", 600000, 0, 1, time, NPSD_RETRY, "cannot connect"}, /* at once */
	    {"redis://127.0.0.1:1", 600000, 0, 1, time, NPSD_RETRY, "cannot connect"},
	    {"http://h", 5000, 0, 1, time, NPSD_INVALID, "redis.url"},
	};

	help_redis_start(&r, with_password);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct npsd_err err = {.code = NPSD_OK};
		char url[160];

		snprintf(url, sizeof url, rows[i].url, r.sock);
		ask(url, &err, rows[i].timeout_ms, rows[i].block_ms, rows[i].argc, rows[i].argv);
		cr_expect_eq(err.code, rows[i].code, "%zu: %s", i, err.text);
		cr_expect(strstr(err.text, rows[i].text) != NULL, "%zu: %s", i, err.text);
	}
	help_redis_stop(&r);
}

Test(redis, calls_and_replies_may_be_longer_than_a_socket_holds)
{
	enum { LONG = 6 << 20 };
	struct help_redis r;
	struct npsd_store s;
	char *tp = malloc(LONG + 1);
	const char *args[] = {"hash", "0", "", tp, "claim", "0:0"};
	const char *base[] = {"hash", "0", "", "text", "t/0", "0:0", "n", "t", "0", "1", "0:0"};
	const char *five[] = {"{p}f", "{p}d", "{p}c", "{p}l", "{p}r"};
	const char *reply;

	memset(tp, 'a', LONG);
	tp[LONG] = 0;
	help_redis_start(&r, NULL);
	help_store_open(&s, &r, 20000);
	help_store_call(&s, NPSD_S_base, five, 5, base, 11);
	reply = help_store_call(&s, NPSD_S_fence_check, five, 2, args, 6);
	cr_expect_eq(strlen(reply), LONG + strlen("[refused claim   ]"));
	cr_expect_eq(strncmp(reply, "[refused claim aaa", 18), 0);
	npsd_redis_close(&s);
	help_redis_stop(&r);
	free(tp);
}
