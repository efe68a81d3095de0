/* virsh_test.c - keys and values in, Homeport's element of a domain's metadata out. */
#include "common/ctl/virsh.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"

#define A "2001:db8:200:1::/64"
#define NINE                                                                                       \
	A, "prefix", A, "prefix", A, "prefix", A, "prefix", A, "prefix", A, "prefix", A, "prefix", \
	    A, "prefix", A

static const struct {
	const char *argv[20];
	const char *xml, *why; /* one of them */
} rows[] = {
	{ { NULL }, "<guest></guest>", NULL },
	{ { "prefix", A }, "<guest><prefix>" A "</prefix></guest>", NULL },
	{ { "interface", "br0", "prefix", A, "home-address", "2001:DB8::1", "prefix",
	      "2001:db8:200:2::/64" },
	    "<guest home-address='2001:db8::1' interface='br0'><prefix>" A
	    "</prefix><prefix>2001:db8:200:2::/64</prefix></guest>",
	    NULL },
	{ { "prefix", "2001:db8::1/64" }, NULL, "prefix: 2001:db8::1/64: not a value of this key" },
	{ { "prefix" }, NULL, "prefix: : not a value of this key" },
	{ { "prefix", NINE }, NULL, "prefix: not a key of a domain's metadata, or too many" },
	{ { "home-address", "x' y='" }, NULL, "home-address: x' y=': not a value of this key" },
	{ { "interface", "a'b" }, NULL, "interface: a'b: not a value of this key" },
	{ { "mac", "52:54:00:00:00:01" }, NULL,
	    "mac: not a key of a domain's metadata, or too many" },
};

static void
keys_become_an_element_or_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char xml[VIRSH_XML_MAX] = "", why[200] = "";
		int argc = 0;

		while (argc < 20 && rows[i].argv[argc])
			argc++;
		assert_int_equal(virsh_element(argc, rows[i].argv, xml, why, sizeof(why)),
		    rows[i].xml ? 0 : -EINVAL);
		assert_string_equal(
		    rows[i].xml ? xml : why, rows[i].xml ? rows[i].xml : rows[i].why);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_become_an_element_or_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
