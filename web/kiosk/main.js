"use strict"; // The kiosk's page.
