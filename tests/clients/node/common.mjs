// What every client is asked for.
import { z } from "zod";

export const description = "The weather of a place.";
export const parameters = {
  type: "object",
  properties: { location: { type: "string" } },
  required: ["location"],
  additionalProperties: false,
};
export const Location = z.object({ location: z.string() });
export const City = z.object({ name: z.string(), population: z.number().int() });
export const weather = (location) => `21 degrees in ${location}`;
