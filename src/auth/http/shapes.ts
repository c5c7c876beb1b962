import { CreateApiKey, SignIn, SignUp } from '../contracts/index.js';

export const SignUpBody = SignUp.schema.meta({ id: 'SignUpBody' });
export const SignInBody = SignIn.schema.omit({ address: true, userAgent: true }).meta({ id: 'SignInBody' });
export const CreateApiKeyBody = CreateApiKey.schema.meta({ id: 'CreateApiKeyBody' });
