/* had_doc.c - print the keys of had.conf in mdoc: the build puts them into had.conf.5. */
#include "had/ha_conf.h"

#include <stdlib.h>

int
main(void)
{
	return ha_conf_print_doc(stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
