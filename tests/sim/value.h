/* The result of a command or script, before it becomes an npsd_reply; and SHA-1 in hexadecimal. */
#ifndef NPSD_SIM_VALUE_H
#define NPSD_SIM_VALUE_H

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <openssl/sha.h>

#include "npsd/store.h"

namespace sim
{

using Sha1Hex = std::array<char, (size_t)2 * SHA_DIGEST_LENGTH>;

inline Sha1Hex sha1hex(const char *p, size_t n)
{
	unsigned char digest[SHA_DIGEST_LENGTH];
	Sha1Hex out;

	SHA1((const unsigned char *)p, n, digest);
	for (size_t i = 0; i < out.size(); i++)
		out[i] = "0123456789abcdef"[digest[i / 2] >> (i % 2 ? 0 : 4) & 15];
	return out;
}

struct Value {
	enum Kind { NIL, INT, STRING, STATUS, ARRAY } kind = NIL;
	int64_t number = 0;
	std::string text;
	std::vector<Value> items;

	static Value nil()
	{
		return {};
	}
	static Value integer(int64_t n)
	{
		return make(INT, n, "");
	}
	static Value string(const std::string &s)
	{
		return make(STRING, 0, s);
	}
	static Value status(const std::string &s)
	{
		return make(STATUS, 0, s);
	}
	static Value array()
	{
		return make(ARRAY, 0, "");
	}

	/* Owns: the caller frees with reply_free */
	const struct npsd_reply *reply() const
	{
		auto *r = new npsd_reply[1];

		fill(*r);
		return r;
	}

	static void reply_free(const struct npsd_reply *r)
	{
		if (!r)
			return;
		clear(*r);
		delete[] r;
	}

      private:
	static Value make(Kind kind, int64_t n, const std::string &s)
	{
		Value v;

		v.kind = kind;
		v.number = n;
		v.text = s;
		return v;
	}

	void fill(struct npsd_reply &r) const
	{
		r = {};
		if (kind == INT) {
			r.type = NPSD_REPLY_INT;
			r.integer = number;
		} else if (kind == ARRAY) {
			auto *el = new npsd_reply[items.size() + 1];

			r.type = NPSD_REPLY_ARRAY;
			for (size_t i = 0; i < items.size(); i++)
				items[i].fill(el[i]);
			r.el = el;
			r.n = items.size();
		} else if (kind != NIL) {
			char *copy = new char[text.size() + 1];

			text.copy(copy, text.size());
			copy[text.size()] = 0;
			r.type = NPSD_REPLY_STR;
			r.str = copy;
			r.len = text.size();
		}
	}

	static void clear(const struct npsd_reply &r)
	{
		for (size_t i = 0; i < r.n; i++)
			clear(r.el[i]);
		delete[] r.el;
		delete[] r.str;
	}
};

} // namespace sim

#endif
