#include "decode/token_index.h"

#include <simdjson.h>

#include <cstdio>
#include <memory>
#include <new>

/* No exception reaches C: every function of simdjson used here returns an error code, and all are noexcept.
 */

struct npsd_index {
	std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

/* `fallback`, in plain C++, reads after the end of a text that ends within a character, and is not fast. */
static bool usable(const simdjson::implementation *k) noexcept
{
	return k->supported_by_runtime_system() && k->name() != "fallback";
}

extern "C" bool npsd_index_kernel(char name[NPSD_KERNEL_NAME], int i) noexcept
{
	for (const simdjson::implementation *k : simdjson::get_available_implementations()) {
		if (!usable(k) || i-- > 0)
			continue;
		std::snprintf(name, NPSD_KERNEL_NAME, "%s", k->name().c_str());
		return true;
	}
	return false;
}

extern "C" struct npsd_index *npsd_index_new(size_t longest, const char *kernel) noexcept
{
	for (const simdjson::implementation *k : simdjson::get_available_implementations()) {
		if (!usable(k) || k->name() != kernel)
			continue;
		std::unique_ptr<npsd_index> x(new (std::nothrow) npsd_index);
		/* the first stage does not use the depth */
		if (!x || k->create_dom_parser_implementation(longest, 1, x->stage) != simdjson::SUCCESS)
			return nullptr;
		return x.release();
	}
	return nullptr;
}

extern "C" void npsd_index_free(struct npsd_index **x) noexcept
{
	delete *x;
	*x = nullptr;
}

extern "C" int64_t npsd_index_make(
    struct npsd_index *x, const uint32_t **out, const char *p, size_t n) noexcept
{
	if (x->stage->stage1(reinterpret_cast<const uint8_t *>(p), n, simdjson::stage1_mode::regular) !=
	    simdjson::SUCCESS)
		return -1;
	*out = x->stage->structural_indexes.get();
	return x->stage->n_structural_indexes;
}
