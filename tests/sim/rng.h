/* The only source of randomness of a simulated run: the same seed gives the same run. */
#ifndef NPSD_SIM_RNG_H
#define NPSD_SIM_RNG_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim
{

class Rng
{
      public:
	explicit Rng(uint64_t seed) : state(seed * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u)
	{
	}

	uint64_t next() /* splitmix64 */
	{
		uint64_t z = (state += 0x9e3779b97f4a7c15u);

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
		z = (z ^ z >> 27) * 0x94d049bb133111ebu;
		return z ^ z >> 31;
	}
	/* 0 .. n-1; n > 0 */
	int64_t below(int64_t n)
	{
		return (int64_t)(next() % (uint64_t)n);
	}
	/* a .. b, both included */
	int64_t between(int64_t a, int64_t b)
	{
		return a + below(b - a + 1);
	}
	bool chance(double p)
	{
		return (double)(next() >> 11) * 0x1p-53 < p;
	}
	template <class T> const T &pick(const std::vector<T> &v)
	{
		return v[(size_t)below((int64_t)v.size())];
	}

      private:
	uint64_t state;
};

} // namespace sim

#endif
