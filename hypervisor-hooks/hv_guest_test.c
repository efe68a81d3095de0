/* hv_guest_test.c - a domain's XML in, words for mrd out. */
#include "hypervisor-hooks/hv_guest.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/base/base.h"

#define META(text) "<domain><metadata>" text "</metadata>" LINKS "</domain>"
#define OURS "<hp:guest xmlns:hp='urn:homeport:guest' "
#define LINKS                                                                   \
	"<devices><interface type='network'><mac address='52:54:00:00:00:07'/>" \
	"<source network='default'/></interface>"                               \
	"<interface type='bridge'><mac address='52:54:00:00:00:01'/>"           \
	"<source bridge='br0'/></interface>"                                    \
	"<interface type='bridge'><mac address='52:54:00:00:00:02'/>"           \
	"<source bridge='br1'/></interface>"                                    \
	"<interface type='bridge'><mac address='52:54:00:00:00:03'/>"           \
	"<source bridge='br0'/></interface></devices>"

static const struct {
	const char *xml, *words; /* NULL: none */
	int result;
} rows[] = {
	{ META(OURS "home-address='2001:db8::1'><hp:prefix>2001:db8::/64</hp:prefix></hp:guest>"),
	    " prefix 2001:db8::/64 home-address 2001:db8::1 mac 52:54:00:00:00:01"
	    " mac 52:54:00:00:00:03 interface br0",
	    1 },
	/* Another bridge by name; white space around values; the Home Address is mrd's to find. */
	{ META(OURS "interface='br1'><hp:prefix>\n 2001:db8::/64\t</hp:prefix>"
		    "<hp:prefix>2001:db8:1::/64</hp:prefix></hp:guest>"),
	    " prefix 2001:db8::/64 prefix 2001:db8:1::/64 mac 52:54:00:00:00:02 interface br1", 1 },
	/* The same under another prefix of the namespace. */
	{ META("<guest xmlns='urn:homeport:guest'><prefix>2001:db8::/64</prefix></guest>"),
	    " prefix 2001:db8::/64 mac 52:54:00:00:00:01 mac 52:54:00:00:00:03 interface br0", 1 },
	/* mrd.conf knows it. */
	{ META(OURS "/>"), "", 1 },
	/* A value is one word, whatever is in it. */
	{ META(OURS "><hp:prefix>a \"b\\c</hp:prefix></hp:guest>"),
	    " prefix \"a \\\"b\\\\c\" mac 52:54:00:00:00:01 mac 52:54:00:00:00:03 interface br0",
	    1 },
	/* Not ours: no metadata, another's, ours elsewhere. */
	{ "<domain>" LINKS "</domain>", NULL, 0 },
	{ META("<guest xmlns='urn:else'/><hp xmlns='urn:homeport:guest'/>"), NULL, 0 },
	{ "<domain><devices>" OURS "/></devices></domain>", NULL, 0 },
	{ META(OURS "><hp:prefix>two\nlines</hp:prefix></hp:guest>"), NULL, -E2BIG },
	{ "", NULL, -EBADMSG },
	{ "<domain>", NULL, -EBADMSG },
	{ "guest web1", NULL, -EBADMSG },
};

static void
metadata_and_interfaces_become_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char words[HV_WORDS_MAX] = "untouched";

		assert_int_equal(
		    hv_guest_words(rows[i].xml, strlen(rows[i].xml), words), rows[i].result);
		assert_string_equal(words, rows[i].words ? rows[i].words : "untouched");
	}
}

static void
words_that_do_not_fit_are_an_error(void **state)
{
	static const char value[] =
	    "<hp:prefix>2001:db8:aaaa:bbbb:cccc:dddd:eeee::/112</hp:prefix>";
	char xml[16384] = "<domain><metadata>" OURS ">", words[HV_WORDS_MAX] = "untouched";

	(void)state;
	for (int i = 0; i < 60; i++)
		strcat(xml, value);
	strcat(xml, "</hp:guest></metadata></domain>");
	assert_int_equal(hv_guest_words(xml, strlen(xml), words), -E2BIG);
	assert_string_equal(words, "untouched");
}

static void
entities_are_not_followed(void **state)
{
	static const char xml[] =
	    "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" META(
		OURS "><hp:prefix>&x;</hp:prefix></hp:guest>");
	char words[HV_WORDS_MAX];

	(void)state;
	assert_int_equal(hv_guest_words(xml, strlen(xml), words), 1);
	assert_memory_equal(words, " prefix \"\" ", 11);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_and_interfaces_become_words),
		cmocka_unit_test(words_that_do_not_fit_are_an_error),
		cmocka_unit_test(entities_are_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
