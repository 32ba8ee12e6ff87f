#include "base/distance.h"

static int least_of(int a, int b)
{
	return a < b ? a : b;
}

/* The row of the table for one more byte of a; row[j] is the distance to the first j bytes of b. Returns the
 * least of the row: no later row has less. */
static int next_row(int *row, char byte, struct npsd_str b)
{
	int corner = row[0], least = ++row[0];

	for (uint32_t j = 1; j <= b.n; j++) {
		int up = row[j];

		row[j] = least_of(corner + (byte != b.p[j - 1]), least_of(up, row[j - 1]) + 1);
		corner = up;
		least = least_of(least, row[j]);
	}
	return least;
}

int npsd_distance(struct npsd_str a, struct npsd_str b, int most)
{
	int row[NPSD_DISTANCE_NAME_MAX + 1];
	uint32_t apart = a.n > b.n ? a.n - b.n : b.n - a.n;

	if (a.n > NPSD_DISTANCE_NAME_MAX || b.n > NPSD_DISTANCE_NAME_MAX || (int)apart > most)
		return most + 1;
	for (uint32_t j = 0; j <= b.n; j++)
		row[j] = (int)j;
	for (uint32_t i = 0; i < a.n; i++)
		if (next_row(row, a.p[i], b) > most)
			return most + 1;
	return row[b.n] > most ? most + 1 : row[b.n];
}
