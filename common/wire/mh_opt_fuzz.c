/* mh_opt_fuzz.c - mobility options: decode, encode, decode is the identity. */
#include "common/wire/fuzz.h"

#include "common/wire/mh_same.h"

/* More than the rows of mh_opt.c allow options to fill, so encoding must not fail. */
#define OPTIONS_MAX 8192

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t once[OPTIONS_MAX], twice[OPTIONS_MAX];
	struct wire_reader r = { .base = data, .len = size };
	struct wire_writer w1 = { .base = once, .len = sizeof(once) };
	struct wire_writer w2 = { .base = twice, .len = sizeof(twice) };
	struct mh_opts first, second;

	if (mh_opts_get(&r, &first) < 0) {
		must(r.pos < size); /* at the option at fault */
		return 0;
	}
	must(r.pos == size);
	must(mh_opts_put(&w1, &first) == 0);
	must(w1.pos % 8 == 0);

	r = (struct wire_reader){ .base = once, .len = w1.pos };
	must(mh_opts_get(&r, &second) == 0);
	must(mh_opts_same(&first, &second));

	must(mh_opts_put(&w2, &second) == 0);
	must(w1.pos == w2.pos && memcmp(once, twice, w1.pos) == 0);
	return 0;
}
