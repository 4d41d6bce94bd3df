/** For tests in which the same people cancel and are late again and again: nobody is made to pause for it. */
export const ENDLESS_PATIENCE = `update fairlock.settings set cooldown_hours_after_two = 0, cooldown_hours_after_three = 0,
  cooldown_hours_after_five = 0, free_cancellations_a_day = 1000`
