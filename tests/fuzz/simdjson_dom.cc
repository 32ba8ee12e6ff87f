#include "simdjson_dom.h"

#include <simdjson.h>

#include <algorithm>

using simdjson::dom::element;

static simdjson::dom::parser parser;
static element root;

static int depth_of(element e) noexcept
{
	simdjson::dom::object object;
	simdjson::dom::array array;
	int most = 0;

	if (!e.get_object().get(object))
		for (auto m : object)
			most = std::max(most, depth_of(m.value));
	else if (!e.get_array().get(array))
		for (element m : array)
			most = std::max(most, depth_of(m));
	else
		return 0;
	return most + 1;
}

extern "C" enum dom_result dom_parse(const char *p, size_t n, int depth)
{
	simdjson::padded_string copy(p, n);
	simdjson::error_code e = parser.parse(copy).get(root);

	if (e == simdjson::NUMBER_ERROR || e == simdjson::NUMBER_OUT_OF_RANGE)
		return DOM_UNDECIDED;
	return !e && root.is_object() && depth_of(root) <= depth ? DOM_ACCEPTED : DOM_REFUSED;
}

static bool last_of(element *out, const char *key) noexcept
{
	simdjson::dom::object object;
	bool found = false;

	if (root.get_object().get(object))
		return false;
	for (auto m : object)
		if (m.key == key) {
			*out = m.value;
			found = true;
		}
	return found;
}

extern "C" enum dom_kind dom_kind(const char *key)
{
	element e;

	if (!last_of(&e, key))
		return DOM_ABSENT;
	return e.is_null() ? DOM_NULL : e.is_object() ? DOM_OBJECT : DOM_OTHER;
}

extern "C" void dom_enter(const char *key)
{
	element e;

	if (last_of(&e, key))
		root = e;
}

extern "C" const char *dom_text(size_t *n, const char *key)
{
	std::string_view s;
	element e;

	if (!last_of(&e, key) || e.get_string().get(s))
		return nullptr;
	*n = s.size();
	return s.data();
}

extern "C" int dom_number(double *v, const char *key)
{
	element e;

	return last_of(&e, key) && !e.get_double().get(*v);
}
