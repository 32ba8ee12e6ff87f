#include "redis/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Copies n bytes of `from`, %XX decoded; false where they do not fit or are malformed. */
static bool decode(char *to, size_t size, const char *from, size_t n)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)from[i];

		if (c == '%') {
			if (i + 2 >= n || hex(from[i + 1]) < 0 || hex(from[i + 2]) < 0)
				return false;
			c = hex(from[i + 1]) << 4 | hex(from[i + 2]);
			i += 2;
		}
		if (c == 0 || at + 1 >= size)
			return false;
		to[at++] = (char)c;
	}
	to[at] = 0;
	return true;
}

static bool copy(char *to, size_t size, const char *from, size_t n)
{
	snprintf(to, size, "%.*s", (int)n, from);
	return n < size;
}

/* `user:password@`, `:password@` or `password@` before `end`; *rest is what follows. */
static bool parse_login(struct npsd_redis_url *out, const char **rest, const char *end)
{
	const char *p = *rest, *at = memrchr(p, '@', (size_t)(end - p)), *colon;

	if (!at)
		return true;
	*rest = at + 1;
	colon = memchr(p, ':', (size_t)(at - p));
	if (colon && !decode(out->user, sizeof out->user, p, (size_t)(colon - p)))
		return false;
	p = colon ? colon + 1 : p;
	return decode(out->password, sizeof out->password, p, (size_t)(at - p));
}

static bool all_digits(const char *p, size_t n)
{
	return n > 0 && n <= 5 && strspn(p, "0123456789") >= n;
}

/* `host`, `host:port`, `[v6]:port` up to `end`. */
static bool parse_host(struct npsd_redis_url *out, const char *p, const char *end)
{
	const char *host = p, *host_end = end, *port = NULL;

	if (*p == '[') {
		host = p + 1;
		host_end = memchr(p, ']', (size_t)(end - p));
		if (!host_end || (host_end + 1 < end && host_end[1] != ':'))
			return false;
		port = host_end + 1 < end ? host_end + 2 : NULL;
	} else if ((port = memchr(p, ':', (size_t)(end - p))) != NULL) {
		host_end = port++;
	}
	if (port && (!all_digits(port, (size_t)(end - port)) || atoi(port) < 1 || atoi(port) > 65535))
		return false;
	if (host == host_end || !copy(out->host, sizeof out->host, host, (size_t)(host_end - host)))
		return false;
	return copy(out->port, sizeof out->port, port ? port : "6379", port ? (size_t)(end - port) : 4);
}

static bool parse(struct npsd_redis_url *out, const char *url)
{
	const char *p, *end, *slash;

	if (strncmp(url, "unix://", 7) == 0) {
		p = url + 7;
		slash = strchr(p, '@') ? strchr(strrchr(p, '@'), '/') : p;
		return slash && *slash == '/' && parse_login(out, &p, slash) && p == slash && slash[1] &&
		       copy(out->path, sizeof out->path, slash, strlen(slash));
	}
	if (strncmp(url, "redis://", 8) != 0)
		return false;
	p = url + 8;
	slash = strrchr(p, '@') ? strchr(strrchr(p, '@'), '/') : strchr(p, '/');
	if (slash && slash[1]) {
		if (!all_digits(slash + 1, strlen(slash + 1)))
			return false;
		out->db = atoi(slash + 1);
	}
	end = slash ? slash : p + strlen(p);
	return parse_login(out, &p, end) && parse_host(out, p, end);
}

bool npsd_redis_url_parse(struct npsd_redis_url *out, const char *url, struct npsd_err *err)
{
	*out = (struct npsd_redis_url){.db = 0};
	return parse(out, url) ||
	       npsd_fail(err, NPSD_INVALID, 0,
		   "redis.url: accepted: redis://[user:password@]host:port/db or unix:///path");
}
